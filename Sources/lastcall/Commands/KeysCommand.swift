import ArgumentParser
import StrictJSON

/// `lastcall keys`: the signing keys of an issuer.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The signing keys of an issuer.",
        subcommands: [
            List.self, Get.self, Generate.self, Import.self, Attach.self, Rotate.self, Activate.self,
            Retire.self,
            Public.self, Reseal.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List signing keys.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String

        func run() async throws {
            try await options.withAPI { api in
                let items = try await api.list(["v1", "issuers", issuer, "signing-keys"], limit: .max)
                let columns = [
                    "kid", "alg", "stage", "held_by", "created_at", "published_at", "activated_at",
                    "retired_at",
                ]
                api.show(items, columns: columns)
            }
        }
    }

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a new signing key.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "RS256 to RS512, PS256 to PS512, ES256 to ES512, or EdDSA.") var alg = "RS256"

        func run() async throws {
            try await options.withAPI { api in
                let body = JSON.object(of: [("alg", .string(alg))])
                api.show(try await api.call("POST", ["v1", "issuers", issuer, "signing-keys"], body: body))
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import the OP's own key, so that its jwks_uri needs no change."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "A file with a private JWK, - for standard input.", completion: .file()) var jwk:
            String?
        @Option(
            help: "A file with an unencrypted private key in PEM, - for standard input.",
            completion: .file()
        )
        var pem: String?
        @Option(help: "The algorithm, needed with --pem.") var alg: String?
        @Option(help: "The kid; the JWK's own or the RFC 7638 thumbprint unless given.") var kid: String?

        func validate() throws {
            guard (jwk == nil) != (pem == nil) else { throw ValidationError("Give either --jwk or --pem.") }
            guard pem == nil || alg != nil else { throw ValidationError("--pem needs --alg.") }
        }

        func run() async throws {
            try await options.withAPI { api in
                let text = try pem.map { String(decoding: try readInput($0), as: UTF8.self) }
                let body = JSON.object(of: [
                    ("jwk", try jwk.map(JSON.read)), ("pem", text.map(JSON.string)),
                    ("alg", alg.map(JSON.string)),
                    ("kid", kid.map(JSON.string)),
                ])
                api.show(try await api.call("POST", ["v1", "issuers", issuer, "signing-keys"], body: body))
            }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sign with this key from now on.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The key's kid; write -- before one that begins with a hyphen.") var kid: String
        @Flag(help: "Even where it has not been published for long enough.") var force = false

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "signing-keys", kid, "activate"]
                api.show(try await api.call("POST", path, body: JSON.object(of: [("force", .bool(force))])))
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sign with this key no more.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The key's kid; write -- before one that begins with a hyphen.") var kid: String
        @Flag(help: "Even where it is the only active key of its algorithm.") var force = false

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "signing-keys", kid, "retire"]
                api.show(try await api.call("POST", path, body: JSON.object(of: [("force", .bool(force))])))
            }
        }
    }

    struct Public: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "jwks", abstract: "Print the JWK Set.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String

        func run() async throws {
            try await options.withAPI { api in
                print(try await api.call("GET", ["issuers", issuer, "jwks.json"]).line)
            }
        }
    }
}
