import ArgumentParser
import StrictJSON

/// `lastcall deliveries`: what became of each logout at each RP.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "What became of each logout at each RP.",
        subcommands: [List.self, Get.self, Redeliver.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List deliveries, newest first.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "Of this logout event.") var event: String?
        @Option(help: "For this RP.") var clientID: String?
        @Option(help: "For this subject.") var sub: String?
        @Option(help: "For this session.") var sid: String?
        @Option(
            parsing: .upToNextOption,
            help: "In one of these states.",
            completion: .list([
                "pending", "delivering", "retrying", "held", "delivered", "failed", "expired", "cancelled",
                "not_covered",
            ])
        )
        var status: [String] = []
        @Option(parsing: .upToNextOption, help: "For one of these reasons.") var reason: [String] = []
        @OptionGroup var window: WindowOptions

        func run() async throws {
            try await options.withAPI { api in
                let query: [(String, String?)] =
                    [("logout_event_id", event), ("client_id", clientID), ("sub", sub), ("sid", sid)]
                    + status.map { ("status", $0) } + reason.map { ("reason", $0) } + window.query
                let items = try await api.list(
                    ["v1", "issuers", issuer, "deliveries"],
                    query: query,
                    limit: window.limit
                )
                let columns = [
                    "id", "client_id", "status", "reason", "attempt_count", "next_attempt_at", "ended_at",
                ]
                api.show(items, columns: columns)
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a delivery with every attempt.",
            aliases: ["show"]
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The delivery's id.") var id: String

        func run() async throws {
            try await options.withAPI { api in
                let delivery = try await api.call("GET", ["v1", "issuers", issuer, "deliveries", id])
                if api.printsJSON { return api.show(delivery) }
                api.show(delivery, without: ["attempts"])
                print("")
                let columns = [
                    "number", "started_at", "outcome", "http_status", "latency_ms", "remote_address", "error",
                ]
                api.show(delivery["attempts"]?.elements ?? [], columns: columns)
            }
        }
    }

    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a delivery that has ended once more; its attempts are counted on."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The delivery's id.") var id: String
        @Flag(help: "Even where the RP accepted it.") var force = false
        @Option(help: "Seconds until it expires undelivered.") var deliverWithinSeconds: Int64?

        func run() async throws {
            try await options.withAPI { api in
                let body = JSON.object(of: [
                    ("force", .bool(force)),
                    ("deliver_within_seconds", deliverWithinSeconds.map(JSON.int)),
                ])
                api.show(
                    try await api.call(
                        "POST",
                        ["v1", "issuers", issuer, "deliveries", id, "redeliver"],
                        body: body
                    )
                )
            }
        }
    }
}
