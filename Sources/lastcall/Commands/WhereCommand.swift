import ArgumentParser
import Foundation
import StrictJSON

/// `lastcall where`: who is still logged in, and at which RPs.
struct WhereCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "where",
        abstract: "Where a user, a session or those of a logout event are still logged in."
    )
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The issuer's name.") var issuer: String
    @Option(help: "The user, by the name that RPs have for them.") var sub: String?
    @Option(help: "The user, by the OP's own id.") var userID: String?
    @Option(help: "The OP session.") var sessionID: String?
    @Option(help: "The logout event.") var event: String?

    func validate() throws {
        guard [sub, userID, sessionID, event].compactMap({ $0 }).count == 1 else {
            throw ValidationError("Give one of --sub, --user-id, --session-id and --event.")
        }
    }

    func run() async throws {
        try await options.withAPI { api in
            let path = ["v1", "issuers", issuer, "logout-status"]
            let query: [(String, String?)] = [
                ("sub", sub), ("user_id", userID), ("session_id", sessionID), ("logout_event_id", event),
            ]
            let items = try await api.list(path, query: query, limit: .max)
            api.show(items, columns: ["client_id", "sub", "sid", "state", "reason", "since", "delivery_id"])
            let first = try await api.call("GET", path, query: query + [("limit", "1")])
            guard !api.printsJSON else {
                if first["complete"] == .bool(false) { WhereCommand.tellOfMore() }
                return
            }
            guard case .object(let summary)? = first["summary"] else { return }
            let counts = summary.members.map { "\($0.value.text ?? "") \($0.name)" }
            print(counts.isEmpty ? "no login and no logout is known" : counts.joined(separator: ", "))
            if first["complete"] == .bool(false) { WhereCommand.tellOfMore() }
        }
    }

    /// Beside the results, which are the same lines with and without it.
    private static func tellOfMore() {
        FileHandle.standardError.write(Data("lastcall: older logouts were left out\n".utf8))
    }
}
