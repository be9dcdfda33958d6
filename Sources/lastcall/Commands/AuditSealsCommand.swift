import ArgumentParser

extension AuditCommand {
    /// `lastcall audit seals`: the chain over the trail.
    struct Seals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the seals over the audit trail, newest first.",
            discussion: "Number and hash of the newest one are the head that audit verify is given back."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name; without one, the installation's own trail.") var issuer: String?
        @Option(help: "At most this many.") var limit = 100

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be positive.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(AuditCommand.path(of: issuer) + ["seals"], limit: limit)
                api.show(
                    items,
                    columns: ["number", "sealed_at", "entry_count", "first_id", "last_id", "hash"]
                )
            }
        }
    }
}
