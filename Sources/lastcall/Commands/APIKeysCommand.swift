import ArgumentParser
import StrictJSON

/// `lastcall api-keys`: who may call the API.
struct APIKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-keys",
        abstract: "Who may call the API.",
        subcommands: [List.self, Create.self, Revoke.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List API keys; secrets are never shown.")
        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(["v1", "api-keys"], limit: .max)
                let columns = [
                    "id", "name", "issuer", "scopes", "calls_per_second", "created_at", "expires_at",
                    "last_used_at",
                ]
                api.show(items, columns: columns)
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an API key; it is shown this once.")
        @OptionGroup var options: OperatorOptions
        @Flag(name: .customLong("operator"), help: "A key that may do everything, for every issuer.")
        var isOperator = false
        @Option(help: "The issuer that the key is for.") var issuer: String?
        @Option(
            parsing: .upToNextOption,
            help: "logout, sessions, clients, read, operate, admin.",
            completion: .list(["logout", "sessions", "clients", "read", "operate", "admin"])
        )
        var scope: [String] = []
        @Option(help: "What to call it.") var name = "cli"
        @Option(help: "When it stops working, an RFC 3339 time.") var expiresAt: String?
        @Option(help: "Calls a second of one process; as the settings say unless given.") var callsPerSecond:
            Int?

        func validate() throws {
            guard isOperator == (issuer == nil) else {
                throw ValidationError("Give either --operator or --issuer.")
            }
            guard isOperator || !scope.isEmpty else { throw ValidationError("--issuer needs --scope.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let scopes: JSON? = isOperator ? nil : .array(scope.map(JSON.string))
                let body = JSON.object(of: [
                    ("name", .string(name)), ("issuer", issuer.map(JSON.string)), ("scopes", scopes),
                    ("expires_at", expiresAt.map(JSON.string)),
                    ("calls_per_second", callsPerSecond.map(JSON.int)),
                ])
                api.show(try await api.call("POST", ["v1", "api-keys"], body: body))
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke an API key; it holds everywhere within 5 s."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The key's id.") var id: String

        func run() async throws {
            try await options.withAPI { api in _ = try await api.call("DELETE", ["v1", "api-keys", id]) }
        }
    }
}
