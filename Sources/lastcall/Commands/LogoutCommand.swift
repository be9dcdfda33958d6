import ArgumentParser
import StrictJSON

/// `lastcall logout`: report a logout.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Report a logout; every target gets a logout token.",
        discussion: "One target is --client-id with --sub or --sid; several come from --targets."
    )
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The issuer's name.") var issuer: String
    @Option(help: "The RP.") var clientID: String?
    @Option(help: "The subject as the RP knows it.") var sub: String?
    @Option(help: "The session as the RP knows it.") var sid: String?
    @Option(help: "A file with an array of {client_id, sub, sid} instead, - for standard input.") var targets:
        String?
    @Option(help: "Why, for example idp-logout or session-revoked.") var initiator: String?
    @Option(help: "Seconds until undelivered logouts expire.") var deliverWithinSeconds: Int64?

    func validate() throws {
        guard (targets == nil) != (clientID == nil) else {
            throw ValidationError("Give either --client-id or --targets.")
        }
        guard targets != nil || sub != nil || sid != nil else {
            throw ValidationError("--client-id needs --sub or --sid.")
        }
    }

    func run() async throws {
        try await options.withAPI { api in
            let one = JSON.members([
                ("client_id", clientID.map(JSON.string)), ("sub", sub.map(JSON.string)),
                ("sid", sid.map(JSON.string)),
            ])
            let body = JSON.members([
                ("targets", try targets.map(JSON.read) ?? .array([one])),
                ("initiator", initiator.map(JSON.string)),
                ("deliver_within_seconds", deliverWithinSeconds.map { .number(JSONNumber($0)) }),
            ])
            let event = try await api.call("POST", ["v1", "issuers", issuer, "logout-events"], body: body)
            if api.printsJSON { return api.show(event) }
            print("logout event \(event["id"]?.text ?? "") is \(event["status"]?.text ?? "")")
            api.show(event["deliveries"]?.elements ?? [], columns: ["id", "client_id", "status", "reason"])
        }
    }
}
