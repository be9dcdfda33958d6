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
            discussion: RedeliveryOptions.about
        )
        @OptionGroup var options: OperatorOptions
        @OptionGroup var redelivery: RedeliveryOptions

        func run() async throws {
            try await options.withAPI { try await redelivery.start($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how far a redelivery has got.",
            aliases: ["get"]
        )
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
        @OptionGroup var window: WindowOptions

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(
                    ["v1", "issuers", issuer, "redeliveries"],
                    query: status.map { ("status", $0) } + window.query,
                    limit: window.limit
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

/// `lastcall redeliver`: the same as `lastcall redeliveries start`, which is what is looked for after an outage.
struct RedeliverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeliver",
        abstract: "Send deliveries that have ended once more, many at once: redeliveries start.",
        discussion: RedeliveryOptions.about
    )
    @OptionGroup var options: OperatorOptions
    @OptionGroup var redelivery: RedeliveryOptions

    func run() async throws {
        try await options.withAPI { try await redelivery.start($0) }
    }
}
