import ArgumentParser
import Foundation
import StrictJSON

/// `lastcall issuers`: the OPs that Lastcall signs for.
struct IssuersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuers",
        abstract: "The OPs that Lastcall signs for.",
        subcommands: [List.self, Get.self, Put.self, Delete.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List issuers.")
        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(["v1", "issuers"], limit: .max)
                api.show(
                    items,
                    columns: ["name", "issuer", "session_durability", "session_expiry", "retention_days"]
                )
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an issuer.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var name: String

        func run() async throws {
            try await options.withAPI { api in api.show(try await api.call("GET", ["v1", "issuers", name])) }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create or replace an issuer.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name: [a-z0-9][a-z0-9-]{0,39}.") var name: String
        @Option(help: "The OP's issuer URL, the iss of every token.") var issuer: String
        @Option(help: "Whether the OP's session store may lose sessions: volatile or durable.")
        var sessionDurability: String?
        @Option(help: "What becomes of expired sessions: ignore or logout.") var sessionExpiry: String?
        @Option(help: "Days that history is kept.") var retentionDays: Int64?
        @Option(
            name: .customLong("completion-webhook-url"),
            help: "Where the end of each logout event is told; without it there is no webhook."
        )
        var webhookURL: String?
        @Option(
            name: .customLong("completion-webhook-secret-file"),
            help:
                "A file with the webhook's secret (whsec_...), - for standard input; the stored one unless given.",
            completion: .file()
        )
        var webhookSecret: String?
        @Option(
            help: "A file with the delivery policy as a JSON object, - for standard input.",
            completion: .file()
        )
        var delivery: String?
        @Option(
            help:
                "A file with the rules on where its requests may go as a JSON object, - for standard input.",
            completion: .file()
        )
        var egressFile: String?

        func validate() throws {
            guard webhookURL != nil || webhookSecret == nil else {
                throw ValidationError("--completion-webhook-secret-file needs --completion-webhook-url.")
            }
        }

        func run() async throws {
            try await options.withAPI { api in
                let secret = try webhookSecret.map { file in
                    String(decoding: try readInput(file), as: UTF8.self)
                        .trimmingCharacters(in: .whitespacesAndNewlines)
                }
                let webhook = webhookURL.map { url in
                    JSON.object(of: [("url", .string(url)), ("secret", secret.map(JSON.string))])
                }
                let body = JSON.object(of: [
                    ("issuer", .string(issuer)), ("completion_webhook", webhook),
                    ("session_durability", sessionDurability.map(JSON.string)),
                    ("session_expiry", sessionExpiry.map(JSON.string)),
                    ("retention_days", retentionDays.map(JSON.int)),
                    ("delivery", try delivery.map(JSON.read)), ("egress", try egressFile.map(JSON.read)),
                ])
                api.show(try await api.call("PUT", ["v1", "issuers", name], body: body))
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an issuer with its clients and keys."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var name: String
        @Flag(help: "Also while deliveries are open; they are gone then.") var force = false

        func run() async throws {
            try await options.withAPI { api in
                _ = try await api.call(
                    "DELETE",
                    ["v1", "issuers", name],
                    query: [("force", force ? "true" : nil)]
                )
            }
        }
    }
}
