import ArgumentParser
import StrictJSON

/// `lastcall audit`: the audit trail.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "The audit trail of an issuer, oldest first."
    )
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The issuer's name.") var issuer: String
    @Option(parsing: .upToNextOption, help: "Of one of these types, for example bcl.no_sessions_for_subject.")
    var type: [String] = []
    @Option(parsing: .upToNextOption, help: "Of one of these severities: info, notice, warning, error.")
    var severity: [String] = []
    @Option(help: "About this RP.") var clientID: String?
    @Option(help: "About this logout event and its deliveries.") var event: String?
    @Option(help: "From this RFC 3339 time on.") var after: String?
    @Option(help: "Before this RFC 3339 time.") var before: String?
    @Option(help: "At most this many.") var limit = 1_000

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be positive.") }
    }

    func run() async throws {
        try await options.withAPI { api in
            let query: [(String, String?)] =
                [("client_id", clientID), ("logout_event_id", event), ("after", after), ("before", before)]
                + type.map { ("type", $0) } + severity.map { ("severity", $0) }
            let items = try await api.list(
                ["v1", "issuers", issuer, "audit-events"],
                query: query,
                limit: limit
            )
            api.show(items, columns: ["created_at", "severity", "type", "client_id", "actor", "data"])
        }
    }
}
