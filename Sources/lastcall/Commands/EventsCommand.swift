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
        @Option(parsing: .upToNextOption, help: "In one of these states.") var status: [String] = []
        @Option(help: "That happened for this reason, for example session-revoked.") var initiator: String?
        @Option(help: "With a delivery for this RP.") var clientID: String?
        @Option(help: "With a delivery for this subject.") var sub: String?
        @Option(help: "With a delivery for this session.") var sid: String?
        @Option(help: "At most this many.") var limit = 100

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be positive.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let query: [(String, String?)] =
                    [("initiator", initiator), ("client_id", clientID), ("sub", sub), ("sid", sid)]
                    + status.map { ("status", $0) }
                let items = try await api.list(
                    ["v1", "issuers", issuer, "logout-events"],
                    query: query,
                    limit: limit
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
            abstract: "Show a logout event with its first deliveries."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The event's id.") var id: String

        func run() async throws {
            try await options.withAPI { api in
                api.showEvent(try await api.call("GET", ["v1", "issuers", issuer, "logout-events", id]))
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
        guard !printsJSON, case .object(let object) = event else { return show(event) }
        show(JSON.members(object.members.filter { $0.name != "deliveries" }.map { ($0.name, $0.value) }))
        print("")
        show(
            event["deliveries"]?.elements ?? [],
            columns: ["id", "client_id", "status", "reason", "attempt_count", "next_attempt_at"]
        )
    }
}
