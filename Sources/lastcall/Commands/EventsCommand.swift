import ArgumentParser
import StrictJSON

/// `lastcall events`: the logouts that were reported.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "The logouts that were reported, and what has become of them.",
        subcommands: [List.self, Show.self, Cancel.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List logout events, newest first.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(
            parsing: .upToNextOption,
            help: "In one of these states.",
            completion: .list(["in_progress", "completed", "partial", "failed", "no_targets", "cancelled"])
        )
        var status: [String] = []
        @Option(help: "That happened for this reason, for example session-revoked.") var initiator: String?
        @Option(help: "With a delivery for this RP.") var clientID: String?
        @Option(help: "With a delivery for this subject.") var sub: String?
        @Option(help: "With a delivery for this session.") var sid: String?
        @Option(help: "Whose scope names this OP session.") var sessionID: String?
        @Option(help: "Whose scope names this user, by the OP's own id.") var userID: String?
        @Option(help: "Whose scope names this browser.") var userAgentID: String?
        @OptionGroup var window: WindowOptions

        func run() async throws {
            try await options.withAPI { api in
                let query: [(String, String?)] =
                    [
                        ("initiator", initiator), ("client_id", clientID), ("sub", sub), ("sid", sid),
                        ("session_id", sessionID), ("user_id", userID), ("user_agent_id", userAgentID),
                    ] + status.map { ("status", $0) } + window.query
                let items = try await api.list(
                    ["v1", "issuers", issuer, "logout-events"],
                    query: query,
                    limit: window.limit
                )
                let columns = [
                    "id", "status", "initiator", "matched", "delivery_counts", "created_at", "ended_at",
                ]
                api.show(items, columns: columns)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a logout event with its first deliveries.",
            aliases: ["get"]
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The event's id.") var id: String
        @Option(help: "Seconds to wait for its end, at most 30.") var wait: Int?

        func validate() throws {
            guard (0...30).contains(wait ?? 0) else { throw ValidationError("--wait is 0 to 30 seconds.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "logout-events", id]
                api.showEvent(try await api.call("GET", path, query: [("wait", wait.map { "\($0)" })]))
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a logout event; what is in flight counts as delivered if the RP accepts it."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The event's id.") var id: String

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "logout-events", id, "cancel"]
                api.showEvent(try await api.call("POST", path))
            }
        }
    }
}

extension Operator {
    /// Prints an event: for people its own members first, then a table of its deliveries.
    fileprivate func showEvent(_ event: JSON) {
        show(event, without: ["deliveries"])
        guard !printsJSON else { return }
        print("")
        show(
            event["deliveries"]?.elements ?? [],
            columns: ["id", "client_id", "status", "reason", "attempt_count", "next_attempt_at"]
        )
    }
}
