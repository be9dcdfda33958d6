import Foundation
import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Keys of clients")
struct EncryptionKeySetTests {
    private static func set(_ keys: [String]) throws -> EncryptionKeySet {
        try EncryptionKeySet(JSON.parse(Array(#"{"keys": [\#(keys.joined(separator: ", "))]}"#.utf8)))
    }

    @Test(
        "a key is passed over that is for another use, alg or operation",
        arguments: [
            (["use": #""enc""#], true), (["use": #""sig""#], false), (["use": "null"], false), ([:], true),
            (["alg": #""RSA-OAEP-256""#], true), (["alg": #""RSA-OAEP""#], false),
            (["alg": #""RS256""#], false),
            (["key_ops": #"["encrypt"]"#], true), (["key_ops": #"["wrapKey", "verify"]"#], true),
            (["key_ops": #"["verify"]"#], false), (["key_ops": "[]"], false),
            (["key_ops": #""encrypt""#], false),
            (["x5c": #"["garbage"]"#, "nonsense": "{}"], true),
        ]
    )
    func meant(others: [String: String], fits: Bool) throws {
        let (first, second) = (try ClientKeyPair(.rsa, kid: "first"), try ClientKeyPair(.rsa, kid: "second"))
        let chosen = try Self.set([first.jwk(others), second.jwk()]).key(for: .rsaOAEP256)
        #expect(chosen.kid == (fits ? "first" : "second"))
        let alone = Result { try Self.set([first.jwk(others)]).key(for: .rsaOAEP256) }
        if !fits { #expect(throws: EncryptionKeyError.noKey(.rsaOAEP256)) { try alone.get() } }
    }

    @Test(
        "an ECDH key may be used for agreeing alone",
        arguments: [
            (#"["deriveKey"]"#, true), (#"["deriveBits"]"#, true), (#"["encrypt"]"#, false),
            (#"["wrapKey"]"#, false),
        ]
    )
    func agreement(operations: String, fits: Bool) throws {
        let set = try Self.set([ClientKeyPair(.p384).jwk(["key_ops": operations])])
        #expect(((try? set.key(for: .ecdhES)) != nil) == fits)
    }

    @Test("the first key counts that fits, and kinds that nobody knows do not matter")
    func first() throws {
        let unknown = [#"{"kty": "AKP"}"#, #"{"kty": "EC", "crv": "secp256k1"}"#, "5", "{}", #"{"kty": 1}"#]
        let keys = try [
            ClientKeyPair(.rsa), ClientKeyPair(.x25519, kid: "x"), ClientKeyPair(.p256, kid: "p"),
        ]
        let set = try Self.set(unknown + keys.map { $0.jwk() })
        #expect(try set.key(for: .ecdhESA128KW).kid == "x")
        #expect(try set.key(for: .rsaOAEP).kid == nil)
    }

    @Test("an RSA key has 2048 bits or more", arguments: [(2_047, false), (2_048, true), (1_024, false)])
    func bits(bits: Int, isAllowed: Bool) throws {
        let pair = try ClientKeyPair(.rsa, kid: "k", rsaBits: bits)
        let chosen = Result { try Self.set([pair.jwk()]).key(for: .rsaOAEP) }
        if isAllowed {
            #expect(try chosen.get().kid == "k")
        } else {
            #expect(throws: EncryptionKeyError.key(index: 0, .rsaBits(bits))) { try chosen.get() }
            // It is passed over where a good one follows.
            let good = try ClientKeyPair(.rsa, kid: "good")
            #expect(try Self.set([pair.jwk(), good.jwk()]).key(for: .rsaOAEP).kid == "good")
        }
    }

    static let broken: [(String, EncryptionKeyError)] = [
        (
            // The point of RFC 7518 appendix C with its last bit changed.
            #"{"kty": "EC", "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "#
                + #""y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyco"}"#, .key(index: 0, .inconsistent)
        ),
        (
            #"{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#,
            .key(index: 0, .malformedMember("x"))
        ),
        (#"{"kty": "EC", "crv": "P-256"}"#, .key(index: 0, .missingMember("x"))),
        (#"{"kty": "OKP", "crv": "X25519", "x": "AAAA"}"#, .key(index: 0, .malformedMember("x"))),
        // Points of order 4 and 1: everybody would agree on zero with them.
        (
            #"{"kty": "OKP", "crv": "X25519", "x": "\#(String(repeating: "A", count: 43))"}"#,
            .key(index: 0, .malformedMember("x"))
        ),
        (
            #"{"kty": "OKP", "crv": "X25519", "x": "AQ\#(String(repeating: "A", count: 41))"}"#,
            .key(index: 0, .malformedMember("x"))
        ),
        (
            #"{"kty": "EC", "crv": "P-256", "x": "AA==", "y": "AA", "d": "AA"}"#,
            .privateMember(index: 0, name: "d")
        ),
    ]

    @Test("a key that is none is told with its place", arguments: broken)
    func defects(key: String, expected: EncryptionKeyError) throws {
        #expect(throws: expected) { try Self.set([key]).key(for: .ecdhES) }
        #expect(!expected.rule.isEmpty && expected.place.hasPrefix("/keys/0"))
    }

    @Test(
        "an RSA key of a strange form is refused",
        arguments: [("e", #""AQ""#), ("e", #""AAI""#), ("e", #""AQAAAAE""#), ("n", #""AAAA""#), ("n", "5")]
    )
    func strangeRSA(name: String, value: String) throws {
        let good = try ClientKeyPair(.rsa).jwk()
        let marker = "\"\(name)\": "
        let start = try #require(good.range(of: marker)).upperBound
        let end = good[start...].dropFirst().firstIndex(of: "\"") ?? good.endIndex
        let bad = good[..<start] + value + good[good.index(after: end)...]
        #expect(throws: EncryptionKeyError.self) { try Self.set([String(bad)]).key(for: .rsaOAEP) }
    }

    @Test("a set with a private part is found out", arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
    func privateParts(name: String) throws {
        let set = try Self.set([ClientKeyPair(.p256).jwk(), ClientKeyPair(.rsa).jwk([name: #""AA""#])])
        #expect(throws: EncryptionKeyError.privateMember(index: 1, name: name)) { try set.checkPublic() }
        #expect(throws: EncryptionKeyError.privateMember(index: 1, name: name)) { try set.key(for: .rsaOAEP) }
    }

    @Test("what is no set is none", arguments: ["[]", "{}", #"{"keys": {}}"#, "null", #"{"keys": null}"#])
    func noSet(text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(throws: EncryptionKeyError.notASet) { try EncryptionKeySet(json) }
    }
}
