import ArgumentParser
import DeliveryWorker
import Outbox
import StrictJSON

/// `lastcall log-label`: what the logs call somebody.
struct LogLabelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-label",
        abstract: "What logs call a user or a session while log_subjects is hashed."
    )
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The issuer's name.") var issuer: String
    @Option(help: "The user, by the name that RPs have for them.") var sub: String?
    @Option(help: "The session, by the name that RPs have for it.") var sid: String?

    func validate() throws {
        guard (sub == nil) != (sid == nil) else {
            throw ValidationError("Give one of --sub and --sid.")
        }
    }

    func run() async throws {
        try await options.withRuntime { runtime in
            let api = Operator(runtime.api, printsJSON: options.json)
            let found = try await api.call("GET", ["v1", "issuers", issuer])
            let labels = SubjectLabels.hashed(installationSecret: try await runtime.store.cursorSecret())
            let member: SubjectLabels.Member = sub == nil ? .sid : .sub
            guard let iss = found["issuer"]?.text, let value = sub ?? sid,
                let label = labels.label(member, value, of: iss)
            else { throw Failure("the issuer has no URL") }
            if options.json {
                api.show(.object(of: [(member.rawValue, .string(label))]))
            } else {
                print(label)
            }
        }
    }
}
