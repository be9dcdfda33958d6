import ArgumentParser
import Foundation
import LastcallTestKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Three RPs on loopback that verify what they get: one healthy, one that answers 503 twice first, one that hangs.
@main
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastcall-demo",
        abstract: "Three RPs on loopback for scripts/run: healthy, flaky and hanging."
    )
    @Option(help: "Where ca.pem, clients.json and each client's metadata are written.") var folder: String
    @Option(help: "The URL of the issuer's JWK Set.") var jwks: String
    @Option(help: "The iss that tokens must have.") var issuer: String

    func run() async throws {
        let authority = try CertificateAuthority(commonName: "Lastcall demonstration CA")
        let check = TokenCheck(jwks: jwks, issuer: issuer)
        let healthy = try ScriptedRelyingParty(
            authority: authority,
            standing: check.step("healthy", then: .ok)
        )
        let flaky = try ScriptedRelyingParty(authority: authority, standing: check.step("flaky", then: .ok))
        flaky.script(
            check.step("flaky", then: .status(503, headers: ["Retry-After: 1"])),
            check.step("flaky", then: .status(503))
        )
        let hanging = try ScriptedRelyingParty(
            authority: authority,
            standing: check.step("hanging", then: .hang)
        )

        try write(authority.certificatePEM, "ca.pem")
        let quick =
            #""delivery": {"retry_waits_seconds": [0.5, 1], "attempt_timeout_seconds": 1, "max_attempts": %}"#
        for (name, party, attempts) in [
            ("healthy", healthy, 5), ("flaky", flaky, 5), ("hanging", hanging, 2),
        ] {
            let policy = quick.replacingOccurrences(of: "%", with: "\(attempts)")
            let metadata =
                #"{"backchannel_logout_uri": "\#(party.uri())", "id_token_signed_response_alg": "ES256", \#(policy)}"#
            try write(metadata, "\(name).json")
        }
        try write(#"["healthy", "flaky", "hanging"]"#, "clients.json")
        while true { try await Task.sleep(for: .seconds(3_600)) }
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(
            to: URL(fileURLWithPath: folder).appendingPathComponent(name),
            options: .atomic
        )
    }
}

/// Verifies the token of each request and says what it found.
struct TokenCheck: Sendable {
    let jwks: String
    let issuer: String

    /// A step that verifies, prints a line, and answers: 400 for a token that does not verify.
    func step(_ clientID: String, then answer: ScriptedStep) -> ScriptedStep {
        .decide { request in
            do {
                let claims = try verified(request, clientID)
                print(
                    "  \(clientID): verified \(claims.algorithm) token for sub \(claims.sub ?? "-"), jti \(claims.jti)"
                )
                fflush(nil)
                return answer
            } catch {
                print("  \(clientID): refused: \(error)")
                fflush(nil)
                return .status(
                    400,
                    headers: ["Content-Type: application/json"],
                    body: #"{"error":"invalid_request"}"#
                )
            }
        }
    }

    private func verified(_ request: ReceivedRequest, _ clientID: String) throws -> LogoutTokenVerifier.Claims
    {
        guard let url = URL(string: jwks) else { throw URLError(.badURL) }
        let verifier = try LogoutTokenVerifier(jwks: Array(Data(contentsOf: url)), iss: issuer)
        let token = try LogoutRequestVerifier.token(
            method: request.method,
            headers: request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        return try verifier.verify(token, aud: clientID, now: Int64(Date().timeIntervalSince1970))
    }
}
