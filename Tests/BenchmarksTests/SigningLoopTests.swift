import LogoutTokens
import StrictJSON
import Testing

@testable import Benchmarks

@Suite("The floor's signed token, and the check of sampled tokens")
struct SigningLoopTests {
    /// The JWK Set as the product serves it for a key.
    private func served(_ key: BenchmarkKey) throws -> ServedKey {
        let algorithm = try #require(SignatureAlgorithm(rawValue: key.algorithm))
        let signing = try SigningKey(try PrivateKey(pem: key.pem, for: algorithm))
        return try ServedKey(try JSON.parse(JWKSet.document([signing.publicJWK])), algorithm: key.algorithm)
    }

    @Test(
        "A token of the loop is one that a relying party would take, each with its own jti",
        arguments: ["ES256", "RS256"]
    )
    func whole(algorithm: String) throws {
        let key = try BenchmarkKey(algorithm)
        let served = try served(key)
        let loop = try SigningLoop(key, kid: served.kid)
        var jtis: Set<String> = []
        for _ in 0..<50 {
            let token = String(decoding: try loop.run(1).token, as: UTF8.self)
            #expect(served.defect(of: token, issuer: Stage.issuerURL, audience: "c123") == nil)
            let claims = try JSON.parse(try Base64.urlDecode(String(token.split(separator: ".")[1])))
            jtis.insert(claims["jti"]?.string ?? "")
        }
        #expect(jtis.count == 50)
    }

    @Test(
        "The check sees another client, issuer, key, and a changed signature",
        arguments: ["ES256", "RS256"]
    )
    func defects(algorithm: String) throws {
        let key = try BenchmarkKey(algorithm)
        let served = try served(key)
        let token = String(decoding: try SigningLoop(key, kid: served.kid).run(1).token, as: UTF8.self)
        #expect(served.defect(of: token, issuer: Stage.issuerURL, audience: "c1") == "other claims")
        #expect(served.defect(of: token, issuer: "https://other", audience: "c123") == "other claims")
        #expect(served.defect(of: "a.b", issuer: Stage.issuerURL, audience: "c123") == "no compact JWS")
        let parts = token.split(separator: ".")
        let middle = parts[2].index(parts[2].startIndex, offsetBy: 40)
        let changed =
            parts[2][..<middle] + (parts[2][middle] == "A" ? "B" : "A") + parts[2][middle...].dropFirst()
        #expect(
            served.defect(of: "\(parts[0]).\(parts[1]).\(changed)", issuer: Stage.issuerURL, audience: "c123")
                == "another signature"
        )
        let other = try BenchmarkKey(algorithm)
        let foreign = String(decoding: try SigningLoop(other, kid: served.kid).run(1).token, as: UTF8.self)
        #expect(served.defect(of: foreign, issuer: Stage.issuerURL, audience: "c123") == "another signature")
        let unnamed = String(decoding: try SigningLoop(key, kid: "x").run(1).token, as: UTF8.self)
        #expect(served.defect(of: unnamed, issuer: Stage.issuerURL, audience: "c123") == "another header")
    }
}
