import ArgumentParser
import StrictJSON

/// `lastcall redeliveries`: send again what has ended, many at once.
struct RedeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeliveries",
        abstract: "Send deliveries that have ended once more, many at once.",
        subcommands: [Start.self, Show.self, List.self, Cancel.self]
    )
    static let columns = ["id", "status", "matched", "done", "filter", "dry_run", "created_at", "ended_at"]

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin a redelivery; the workers do it.",
            discussion:
                "Deliveries that failed or expired are meant unless --status or --reason says otherwise."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "For this RP.") var clientID: String?
        @Option(parsing: .upToNextOption, help: "That ended so: failed, expired, cancelled, not_covered.")
        var status: [String] = []
        @Option(parsing: .upToNextOption, help: "That ended for one of these reasons.") var reason: [String] =
            []
        @Option(help: "Of logouts from this RFC 3339 time on.") var createdAfter: String?
        @Option(help: "Of logouts before this RFC 3339 time.") var createdBefore: String?
        @Option(help: "Seconds until each expires undelivered.") var deliverWithinSeconds: Int64?
        @Option(help: "At most this many in a second.") var ratePerSecond: Int64?
        @Flag(help: "Only count them.") var dryRun = false
        @Flag(help: "Wait until it is done, with a progress bar on a terminal.") var watch = false

        func run() async throws {
            try await options.withAPI { api in
                let filter = JSON.members([
                    ("client_id", clientID.map(JSON.string)),
                    ("status", status.isEmpty ? nil : .array(status.map(JSON.string))),
                    ("reason", reason.isEmpty ? nil : .array(reason.map(JSON.string))),
                    ("created_after", createdAfter.map(JSON.string)),
                    ("created_before", createdBefore.map(JSON.string)),
                ])
                let body = JSON.members([
                    ("filter", filter), ("dry_run", .bool(dryRun)),
                    ("deliver_within_seconds", deliverWithinSeconds.map { .number(JSONNumber($0)) }),
                    ("rate_per_second", ratePerSecond.map { .number(JSONNumber($0)) }),
                ])
                let started = try await api.call(
                    "POST",
                    ["v1", "issuers", issuer, "redeliveries"],
                    body: body
                )
                api.show(watch ? try await api.watchRedelivery(started, of: issuer) : started)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how far a redelivery has got.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The redelivery's id.") var id: String
        @Flag(help: "Wait until it is done, with a progress bar on a terminal.") var watch = false

        func run() async throws {
            try await options.withAPI { api in
                let found = try await api.call("GET", ["v1", "issuers", issuer, "redeliveries", id])
                api.show(watch ? try await api.watchRedelivery(found, of: issuer) : found)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List redeliveries, newest first.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(parsing: .upToNextOption, help: "In one of these states: running, done, cancelled.")
        var status: [String] = []
        @Option(help: "At most this many.") var limit = 100

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be positive.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(
                    ["v1", "issuers", issuer, "redeliveries"],
                    query: status.map { ("status", $0) },
                    limit: limit
                )
                api.show(items, columns: RedeliveriesCommand.columns)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a redelivery; what it has put into the queue stays there."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The redelivery's id.") var id: String

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "redeliveries", id, "cancel"]
                api.show(try await api.call("POST", path))
            }
        }
    }
}

extension Operator {
    /// Waits until a redelivery has ended; shows on a terminal how far it is.
    fileprivate func watchRedelivery(_ redelivery: JSON, of issuer: String) async throws -> JSON {
        guard let id = redelivery["id"]?.text else { return redelivery }
        var bar = ProgressBar()
        defer { bar.finish() }
        var redelivery = redelivery
        while redelivery["status"]?.text == "running" {
            try await Task.sleep(for: .milliseconds(250))
            redelivery = try await call("GET", ["v1", "issuers", issuer, "redeliveries", id])
            bar.show(
                redelivery["done"]?.count ?? 0,
                of: redelivery["matched"]?.count ?? 0,
                "redelivered"
            )
        }
        return redelivery
    }
}

extension JSON {
    fileprivate var count: Int? {
        if case .number(let number) = self { number.int.map { Int($0) } } else { nil }
    }
}
