import ArgumentParser
import StrictJSON

/// `lastcall tail`: what happens now, everywhere.
struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract:
            "Show logouts, what becomes of each attempt, and everything else that is audited, as it comes.",
        discussion: """
            Follows the audit trails of the issuers that are named; without any, those of all issuers, of new ones too, and \
            the installation's own. Where the API or the database is away it waits, and goes on behind what it has shown: \
            nothing is missed and nothing comes twice. Ends with SIGINT, SIGTERM, or when nobody reads its output: exit code 0.
            """
    )
    @OptionGroup var options: OperatorOptions
    @OptionGroup var filter: AuditCommand.Filter
    @Argument(help: "The issuers' names.") var issuers: [String] = []
    @Option(help: "End after this many.") var count: Int?

    func validate() throws {
        guard count ?? 1 > 0 else { throw ValidationError("--count must be positive.") }
    }

    func run() async throws {
        try await options.withAPI { api in
            let printer = try TrailPrinter(printsJSON: api.printsJSON, namesIssuer: true, limit: count)
            let (issuers, query) = (issuers, filter.query)
            try await printer.untilEnded(beside: api.feed) {
                let follower = TrailFollower(api: api, query: query) { line in
                    Notice.tell(line, json: api.printsJSON)
                }
                guard issuers.isEmpty else {
                    return try await follower.follow(issuers.map { .issuer($0) }) {
                        try await printer.show($0, of: $1)
                    }
                }
                try await follower.followAll { try await printer.show($0, of: $1) }
            }
        }
    }
}

extension AuditCommand {
    /// `lastcall audit tail`: what happens now in one trail.
    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Show audit events of one trail as they come, until interrupted; see also lastcall tail."
        )
        @OptionGroup var options: OperatorOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The issuer's name; without one, the installation's own trail.") var issuer: String?
        @Option(help: "Begin behind the event of this id instead of now.") var afterID: String?
        @Option(help: "End after this many.") var count: Int?

        func validate() throws {
            guard count ?? 1 > 0 else { throw ValidationError("--count must be positive.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let printer = try TrailPrinter(printsJSON: api.printsJSON, namesIssuer: false, limit: count)
                let (trail, afterID, query) = (
                    issuer.map { Trail.issuer($0) } ?? .installation, afterID, filter.query
                )
                try await printer.untilEnded(beside: api.feed) {
                    let follower = TrailFollower(api: api, query: query) { line in
                        Notice.tell(line, json: api.printsJSON)
                    }
                    try await follower.follow([trail], after: afterID) { try await printer.show($0, of: $1) }
                }
            }
        }
    }
}
