import ArgumentParser
import StrictJSON

/// `lastcall audit`: the audit trail.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract:
            "The audit trail of an issuer, or of the installation: who did what, and what became of each logout.",
        subcommands: [List.self, Tail.self, Seals.self, Export.self, Verify.self],
        defaultSubcommand: List.self
    )

    /// Which events are shown.
    struct Filter: ParsableArguments {
        @Option(
            parsing: .upToNextOption,
            help: "Of one of these types, for example bcl.no_sessions_for_subject."
        )
        var type: [String] = []
        @Option(
            parsing: .upToNextOption,
            help: "Of one of these severities: info, notice, warning, error.",
            completion: .list(["info", "notice", "warning", "error"])
        )
        var severity: [String] = []
        @Option(help: "About this RP.") var clientID: String?
        @Option(help: "About this logout event and its deliveries.") var event: String?
        @Option(help: "About this delivery.") var delivery: String?

        var query: [(String, String?)] {
            [("client_id", clientID), ("logout_event_id", event), ("delivery_id", delivery)]
                + type.map { ("type", $0) } + severity.map { ("severity", $0) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List audit events, oldest first.")
        @OptionGroup var options: OperatorOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The issuer's name; without one, the installation's own trail.") var issuer: String?
        @Option(help: "From this RFC 3339 time on.") var after: String?
        @Option(help: "Before this RFC 3339 time.") var before: String?
        @Option(help: "At most this many.") var limit = 1_000

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be positive.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(
                    AuditCommand.path(of: issuer),
                    query: filter.query + [("after", after), ("before", before)],
                    limit: limit
                )
                api.show(items, columns: AuditCommand.columns)
            }
        }
    }

    static let columns = ["created_at", "severity", "type", "client_id", "actor", "data"]

    static func path(of issuer: String?) -> [String] {
        issuer.map { ["v1", "issuers", $0, "audit-events"] } ?? ["v1", "audit-events"]
    }
}
