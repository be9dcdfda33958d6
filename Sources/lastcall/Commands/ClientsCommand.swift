import ArgumentParser
import StrictJSON

/// `lastcall clients`: the RPs of an issuer.
struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "The RPs of an issuer.",
        subcommands: [
            List.self, Get.self, Put.self, Delete.self, Hold.self, Release.self, Probe.self, Policy.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List clients.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(["v1", "issuers", issuer, "clients"], limit: .max)
                let columns = [
                    "client_id", "uri", "backchannel_logout_session_required", "id_token_signed_response_alg",
                    "held", "breaker",
                ]
                api.show(api.printsJSON ? items : items.map(Self.withURI), columns: columns)
            }
        }

        /// With where its logouts go, which a receiver of Shared Signals has among its terms.
        private static func withURI(_ client: JSON) -> JSON {
            let uri = client["shared_signals"]?["endpoint_url"] ?? client["backchannel_logout_uri"]
            return .object(of: client.members.map { ($0.name, $0.value) } + [("uri", uri)])
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a client.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String

        func run() async throws {
            try await options.withAPI { api in
                api.show(try await api.call("GET", ["v1", "issuers", issuer, "clients", clientID]))
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a client, or replace its metadata."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String
        @Option(name: .customLong("backchannel-logout-uri"), help: "Where logout tokens go.") var uri: String?
        @Flag(
            name: .customLong("backchannel-logout-session-required"),
            help: "The RP cannot act without sid."
        )
        var sessionRequired = false
        @Option(
            name: .customLong("id-token-signed-response-alg"),
            help: "The algorithm of its tokens; RS256 unless told."
        )
        var alg: String?
        @Option(
            help: "A file with the whole metadata as a JSON object instead, - for standard input.",
            completion: .file()
        )
        var metadata: String?

        func run() async throws {
            try await options.withAPI { api in
                let flags = JSON.object(of: [
                    ("backchannel_logout_uri", uri.map(JSON.string)),
                    ("backchannel_logout_session_required", sessionRequired ? .bool(true) : nil),
                    ("id_token_signed_response_alg", alg.map(JSON.string)),
                ])
                let body = try metadata.map(JSON.read) ?? flags
                api.show(
                    try await api.call("PUT", ["v1", "issuers", issuer, "clients", clientID], body: body)
                )
            }
        }

        func validate() throws {
            guard metadata == nil || (uri == nil && alg == nil && !sessionRequired) else {
                throw ValidationError("--metadata holds the whole metadata; give no other option beside it.")
            }
        }
    }

    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a client's deliveries wait, within their deadlines."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String

        func run() async throws {
            try await options.withAPI { api in
                api.show(try await api.call("POST", ["v1", "issuers", issuer, "clients", clientID, "hold"]))
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a client's deliveries go again.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String

        func run() async throws {
            try await options.withAPI { api in
                api.show(
                    try await api.call("POST", ["v1", "issuers", issuer, "clients", clientID, "release"])
                )
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a client; its waiting deliveries fail."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String

        func run() async throws {
            try await options.withAPI { api in
                _ = try await api.call("DELETE", ["v1", "issuers", issuer, "clients", clientID])
            }
        }
    }

    struct Probe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a client a harmless logout, and show what it answers.",
            discussion: "A worker sends it: a logout token for a session that no RP knows."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The client_id.") var clientID: String

        func run() async throws {
            try await options.withAPI { api in
                api.show(try await api.call("POST", ["v1", "issuers", issuer, "clients", clientID, "probe"]))
            }
        }
    }
}
