import ArgumentParser
import StrictJSON

/// `lastcall sessions`: who is logged in where.
struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Who is logged in where, as the OP reports it.",
        subcommands: [List.self, Record.self, End.self, Import.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List open participations, newest first; one filter at least."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "Of this OP session.") var sessionID: String?
        @Option(help: "With this sid.") var sid: String?
        @Option(help: "Of this subject, as the RPs know it.") var sub: String?
        @Option(help: "Of this user, as the OP knows them.") var userID: String?
        @Option(help: "In this browser or device.") var userAgentID: String?
        @Option(help: "At this RP.") var clientID: String?
        @Option(help: "At most this many.") var limit = 100

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be positive.") }
            guard [sessionID, sid, sub, userID, userAgentID, clientID].contains(where: { $0 != nil }) else {
                throw ValidationError(
                    "Give at least one of --session-id, --sid, --sub, --user-id, --user-agent-id, --client-id."
                )
            }
        }

        func run() async throws {
            try await options.withAPI { api in
                let query = [
                    ("session_id", sessionID), ("sid", sid), ("sub", sub), ("user_id", userID),
                    ("user_agent_id", userAgentID), ("client_id", clientID),
                ]
                let items = try await api.list(
                    ["v1", "issuers", issuer, "sessions"],
                    query: query,
                    limit: limit
                )
                let columns = [
                    "session_id", "client_id", "sub", "sid", "user_id", "user_agent_id", "expires_at",
                    "created_at",
                ]
                api.show(items, columns: columns)
            }
        }
    }

    struct Record: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Record that an RP is logged in through a session, or renew it."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The OP's session.") var sessionID: String
        @Argument(help: "The RP's client_id.") var clientID: String
        @Option(help: "The subject, as the RP knows it.") var sub: String
        @Option(help: "The session, as the RP knows it.") var sid: String?
        @Option(help: "The OP's own id of the user; the sub unless told.") var userID: String?
        @Option(help: "The browser or device.") var userAgentID: String?
        @Option(help: "When the session ends by itself, for example 2026-11-21T02:35:00Z.") var expiresAt:
            String?

        func run() async throws {
            try await options.withAPI { api in
                let body = JSON.object(of: [
                    ("sub", .string(sub)), ("sid", sid.map(JSON.string)),
                    ("user_id", userID.map(JSON.string)),
                    ("user_agent_id", userAgentID.map(JSON.string)),
                    ("expires_at", expiresAt.map(JSON.string)),
                ])
                let path = ["v1", "issuers", issuer, "sessions", sessionID, "clients", clientID]
                api.show(try await api.call("PUT", path, body: body))
            }
        }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a participation without telling the RP."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The OP's session.") var sessionID: String
        @Argument(help: "The RP's client_id.") var clientID: String
        @Option(help: "Only the one with this sid.") var sid: String?

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "sessions", sessionID, "clients", clientID]
                _ = try await api.call("DELETE", path, query: [("sid", sid)])
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Record many participations, one JSON object a line.",
            discussion: """
                Each line has session_id, client_id and sub, and may have sid, user_id, user_agent_id and expires_at. \
                Good lines are kept, bad ones are named; to import a file again is harmless. Ends with 1 if a line \
                failed.
                """
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The file, - for standard input.", completion: .file()) var file: String

        func run() async throws {
            try await options.withAPI { api in
                let source = try ImportSource(file)
                var report = ImportReport()
                while let part = try await source.nextPart() {
                    let answer = try await api.post(
                        ["v1", "issuers", issuer, "sessions", "import"],
                        lines: part
                    )
                    report.add(answer, linesBefore: await source.linesBeforePart)
                }
                await source.finish()
                report.show(api)
                if report.failed > 0 { throw Failure.refused }
            }
        }
    }
}
