import ArgumentParser
import StrictJSON

extension ClientsCommand {
    /// `lastcall clients policy`: how a client is delivered to.
    struct Policy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Show what a client's delivery policy says otherwise than its issuer's, or change that.",
            discussion: """
                Members that are not given stay as they are. The rest of the client's metadata is read and written back: \
                do not change it elsewhere at the same moment.
                """
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String
        @Option(help: "0.5 to 60.") var attemptTimeoutSeconds: Double?
        @Option(help: "1 to 2592000.") var deliverWithinSeconds: Int64?
        @Option(help: "Until the deadline unless given.") var maxAttempts: Int64?
        @Option(help: "1 to 1024.") var maxInFlight: Int64?
        @Option(help: "With commas between them; the last one repeats.") var retryWaitsSeconds: String?
        @Option(help: "0: Retry-After is not honoured.") var retryAfterCapSeconds: Int64?
        @Option(help: "30 to 120.") var tokenLifetimeSeconds: Int64?
        @Flag(help: "Forget what it says otherwise; what is given beside it holds.") var reset = false

        /// What a client shows, and what is none of its metadata.
        private static let shown: Set = [
            "client_id", "held", "breaker", "warnings", "created_at", "updated_at",
        ]

        func validate() throws {
            guard retryWaitsSeconds == nil || waits != nil else {
                throw ValidationError("--retry-waits-seconds is numbers with commas between them.")
            }
        }

        private var waits: JSON? {
            let numbers = retryWaitsSeconds?.split(separator: ",", omittingEmptySubsequences: false).map {
                number in
                try? JSON.parse(Array(number.utf8).filter { $0 != UInt8(ascii: " ") })
            }
            guard let numbers, numbers.allSatisfy({ $0?.isNumber == true }) else { return nil }
            return .array(numbers.compactMap { $0 })
        }

        private var changes: [(String, JSON?)] {
            [
                (
                    "attempt_timeout_seconds",
                    attemptTimeoutSeconds.flatMap { try? JSON.parse(Array("\($0)".utf8)) }
                ),
                ("deliver_within_seconds", deliverWithinSeconds.map(JSON.int)),
                ("max_attempts", maxAttempts.map(JSON.int)), ("max_in_flight", maxInFlight.map(JSON.int)),
                ("retry_waits_seconds", waits),
                ("retry_after_cap_seconds", retryAfterCapSeconds.map(JSON.int)),
                ("token_lifetime_seconds", tokenLifetimeSeconds.map(JSON.int)),
            ]
        }

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "clients", clientID]
                var client = try await api.call("GET", path)
                let changes = changes.filter { $0.1 != nil }
                if reset || !changes.isEmpty {
                    let names = Set(changes.map { $0.0 })
                    let kept =
                        reset ? [] : client["delivery"]?.members.filter { !names.contains($0.name) } ?? []
                    let policy = JSON.object(of: kept.map { ($0.name, $0.value) } + changes)
                    let metadata = client.members.filter { member in
                        !Self.shown.contains(member.name) && member.name != "delivery"
                            && member.value != .null
                    }
                    let body = JSON.object(of: metadata.map { ($0.name, $0.value) } + [("delivery", policy)])
                    client = try await api.call("PUT", path, body: body)
                }
                api.show(client["delivery"] ?? .object(of: []))
            }
        }
    }
}

extension JSON {
    fileprivate var isNumber: Bool {
        if case .number = self { true } else { false }
    }
}
