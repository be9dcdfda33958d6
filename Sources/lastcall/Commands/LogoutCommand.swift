import ArgumentParser
import StrictJSON

/// `lastcall logout`: report a logout.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Report a logout; every RP that it concerns gets a logout token.",
        discussion: """
            A filter on recorded participations: any of --session-id, --sid, --sub, --user-id, --user-agent-id and \
            --client-id, all of which must hold. Or targets that you resolved yourself: one is --target CLIENT_ID with \
            --sub or --sid, several come from --targets.
            """
    )
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The issuer's name.") var issuer: String
    @Option(help: "The OP's session.") var sessionID: String?
    @Option(help: "The session as the RP knows it.") var sid: String?
    @Option(help: "The subject as the RP knows it.") var sub: String?
    @Option(help: "The OP's own id of the user.") var userID: String?
    @Option(help: "The browser.") var userAgentID: String?
    @Option(help: "The RP; alone, everyone there.") var clientID: String?
    @Option(help: "One RP that you resolved yourself, with --sub or --sid.") var target: String?
    @Option(help: "A file with an array of {client_id, sub, sid}, - for standard input.", completion: .file())
    var targets: String?
    @Option(
        help: "Why, for example idp-logout or session-revoked.",
        completion: .list([
            "rp-logout", "idp-logout", "password-changed", "session-expired", "session-revoked",
            "account-deleted",
            "account-deactivated", "email-identifier-changed", "mfa-phone-unenrolled",
        ])
    )
    var initiator: String?
    @Option(help: "The RP where it began.") var initiatingClientID: String?
    @Flag(help: "Do not tell the RP where it began.") var excludeInitiatingClient = false
    @Option(help: "Whether the store that resolved the RPs may lose sessions: volatile or durable.")
    var sessionDurability: String?
    @Option(help: "Seconds until undelivered logouts expire.") var deliverWithinSeconds: Int64?
    @Option(help: "The RFC 3339 time at which undelivered logouts expire.") var deliverBefore: String?
    @Option(help: "interactive or bulk.", completion: .list(["interactive", "bulk"])) var priority: String?
    @Option(help: "Makes a blind repetition safe.") var idempotencyKey: String?
    @Option(help: "Seconds to wait for its end, at most 30.") var wait: Int?

    private var filter: [(String, JSON?)] {
        [
            ("session_id", sessionID), ("sid", sid), ("sub", sub), ("user_id", userID),
            ("user_agent_id", userAgentID), ("client_id", clientID),
        ].map { ($0.0, $0.1.map(JSON.string)) }
    }

    func validate() throws {
        guard (0...30).contains(wait ?? 0) else { throw ValidationError("--wait is 0 to 30 seconds.") }
        let others = [sessionID, userID, userAgentID, clientID]
        if target != nil {
            guard targets == nil, others.allSatisfy({ $0 == nil }), sub != nil || sid != nil else {
                throw ValidationError("--target takes --sub or --sid, and no filter.")
            }
        } else if targets != nil {
            guard (others + [sub, sid]).allSatisfy({ $0 == nil }) else {
                throw ValidationError("Give either --targets or a filter.")
            }
        } else if (others + [sub, sid]).allSatisfy({ $0 == nil }) {
            throw ValidationError(
                "Say whom it concerns: a filter such as --session-id, --target or --targets."
            )
        }
    }

    private func scope() throws -> [(String, JSON?)] {
        if let targets { return [("targets", try JSON.read(targets))] }
        guard let target else { return filter }
        let one = JSON.object(of: [
            ("client_id", .string(target)), ("sub", sub.map(JSON.string)), ("sid", sid.map(JSON.string)),
        ])
        return [("targets", .array([one]))]
    }

    func run() async throws {
        try await options.withAPI { api in
            let body = JSON.object(
                of: try scope() + [
                    ("initiator", initiator.map(JSON.string)),
                    ("initiating_client_id", initiatingClientID.map(JSON.string)),
                    ("exclude_initiating_client", excludeInitiatingClient ? .bool(true) : nil),
                    ("session_durability", sessionDurability.map(JSON.string)),
                    ("deliver_within_seconds", deliverWithinSeconds.map(JSON.int)),
                    ("deliver_before", deliverBefore.map(JSON.string)),
                    ("priority", priority.map(JSON.string)),
                ]
            )
            let path = ["v1", "issuers", issuer, "logout-events"]
            let key = [("idempotency-key", idempotencyKey)]
            let accepted = try await api.call("POST", path, headers: key, body: body)
            guard let wait, let id = accepted["id"]?.text else { return show(accepted, api) }
            do {
                show(try await api.call("GET", path + [id], query: [("wait", "\(wait)")]), api)
            } catch {
                // It is accepted all the same, and whoever does not learn its id cannot ask for it again.
                show(accepted, api)
                throw Failure(error).preceded(by: "the logout is accepted, but its end cannot be waited for")
            }
        }
    }

    private func show(_ event: JSON, _ api: Operator) {
        if api.printsJSON { return api.show(event) }
        let status = Screen.output.colored(event["status"]?.text ?? "", of: "status")
        print("logout event \(event["id"]?.text ?? "") is \(status)")
        api.show(event["deliveries"]?.elements ?? [], columns: ["id", "client_id", "status", "reason"])
    }
}
