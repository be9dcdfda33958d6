import ArgumentParser
import StrictJSON

extension KeysCommand {
    /// `lastcall keys attach`: a key whose private part stays where it is.
    struct Attach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with a key that an HSM, or the OP's own signer, holds.",
            discussion:
                "Workers must be told of the HSM (pkcs11_module) or of the signer (remote_signer_url)."
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name.") var issuer: String
        @Option(help: "A file with the public JWK, - for standard input.") var jwk: String
        @Option(help: "RS256 to RS512, PS256 to PS512, ES256 to ES512, or EdDSA (not with --pkcs11).")
        var alg: String
        @Option(help: "The kid; the JWK's own or the RFC 7638 thumbprint unless given.") var kid: String?
        @Option(name: .customLong("pkcs11"), help: "The key's PKCS#11 URI, without a query.") var uri: String?
        @Option(help: "The key's name in the OP's own signer.") var remote: String?

        func validate() throws {
            guard (uri == nil) != (remote == nil) else {
                throw ValidationError("Give either --pkcs11 or --remote.")
            }
        }

        func run() async throws {
            try await options.withAPI { api in
                let body = JSON.object(of: [
                    ("pkcs11", uri.map { .object(of: [("uri", .string($0))]) }),
                    ("remote", remote.map { .object(of: [("key", .string($0))]) }), ("alg", .string(alg)),
                    ("kid", kid.map(JSON.string)), ("jwk", try JSON.read(jwk)),
                ])
                api.show(try await api.call("POST", ["v1", "issuers", issuer, "signing-keys"], body: body))
            }
        }
    }
}
