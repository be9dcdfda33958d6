import ArgumentParser
import StrictJSON

extension KeysCommand {
    /// `lastcall keys get`: one key.
    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a signing key.", aliases: ["show"])
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Argument(help: "The key's kid; write -- before one that begins with a hyphen.") var kid: String

        func run() async throws {
            try await options.withAPI { api in
                api.show(try await api.call("GET", ["v1", "issuers", issuer, "signing-keys", kid]))
            }
        }
    }

    /// `lastcall keys rotate`: the next step of a rotation.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Make the next step of a rotation: a new key first, then, once it is published, sign with it.",
            discussion: """
                Run it, wait for key_publication_seconds, run it again. Where there is no next key of the algorithm one is \
                made, and stands in the JWK Set at once; where there is, it signs from now on and the key before it is \
                retired. Before its time that is refused: key_not_yet_published.
                """
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "RS256 to RS512, PS256 to PS512, ES256 to ES512, or EdDSA.") var alg = "RS256"
        @Flag(help: "Sign with a next key even where it has not been published for long enough.") var force =
            false

        func run() async throws {
            try await options.withAPI { api in
                let path = ["v1", "issuers", issuer, "signing-keys"]
                let keys = try await api.list(path, limit: .max)
                let next = keys.filter { $0["alg"]?.text == alg && $0["stage"]?.text == "next" }
                let oldest = next.min { ($0["created_at"]?.text ?? "") < ($1["created_at"]?.text ?? "") }
                guard let kid = oldest?["kid"]?.text else {
                    return api.show(
                        try await api.call("POST", path, body: .object(of: [("alg", .string(alg))]))
                    )
                }
                let body = JSON.object(of: [("force", .bool(force))])
                api.show(try await api.call("POST", path + [kid, "activate"], body: body))
            }
        }
    }
}
