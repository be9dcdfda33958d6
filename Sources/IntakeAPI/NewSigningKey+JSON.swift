import DeliveryPolicy
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension NewSigningKey {
    /// The longest name of a key in a signer, in bytes.
    static let maximumReferenceBytes = 255
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Reads `{"remote": {"key"}, "alg", "jwk", "kid"?}` or `{"pkcs11": {"uri"}, ...}`: a key whose private part
    /// stays where it is. `nil` where the body names no such holder.
    init?(readingExternal body: ObjectReader) throws {
        var body = body
        do {
            let remote = try body.optionalObject("remote")
            let pkcs11 = try body.optionalObject("pkcs11")
            guard remote != nil || pkcs11 != nil else { return nil }
            guard remote == nil || pkcs11 == nil else {
                throw Problem.invalidKey("A key has one holder.", pointer: "/pkcs11")
            }
            let kid = try body.identifier("kid", .identifier)
            let alg = try body.enumeration("alg", of: SignatureAlgorithm.self)
            let value = body.value("jwk")
            try body.finish()
            guard case .object(let jwk)? = value else {
                throw Problem.invalidKey("The key needs its public JWK.", pointer: "/jwk")
            }
            let reference: String
            if let remote {
                reference = try Self.name(in: remote)
            } else if let pkcs11 {
                reference = try Self.uri(in: pkcs11, alg)
            } else {
                return nil
            }
            let key = try ExternalKey(Self.publicJWK(jwk, alg: alg, kid: kid), reference: reference)
            self.init(
                kid: key.jwk.kid,
                alg: alg.rawValue,
                publicJWK: String(decoding: key.jwk.json, as: UTF8.self),
                heldBy: remote == nil ? .pkcs11 : .remote,
                keyReference: reference
            )
        } catch let error as KeyError {
            throw Problem(error)
        } catch let error as JSONError {
            throw Problem.invalidKey(error.detail, pointer: error.pointer)
        }
    }

    private static func name(in remote: ObjectReader) throws -> String {
        var remote = remote
        let name = try remote.string("key", maximumBytes: maximumReferenceBytes)
        try remote.finish()
        return name
    }

    private static func uri(in pkcs11: ObjectReader, _ alg: SignatureAlgorithm) throws -> String {
        var pkcs11 = pkcs11
        let text = try pkcs11.string("uri", maximumBytes: PKCS11URI.maximumBytes)
        try pkcs11.finish()
        guard alg != .edDSA else {
            throw Problem.invalidKey("EdDSA is not available with PKCS#11.", pointer: "/alg")
        }
        guard let uri = PKCS11URI(text) else {
            throw Problem.invalidKey(
                "The URI names an object by RFC 7512 path attributes (token, object, id, ...), and has no query: "
                    + "module and PIN are settings.",
                pointer: "/pkcs11/uri"
            )
        }
        return uri.text
    }

    private static func publicJWK(
        _ jwk: JSONObject,
        alg: SignatureAlgorithm,
        kid: String?
    ) throws -> PublicJWK {
        for name in privateMembers where jwk[name] != nil {
            throw Problem.invalidKey(
                "The JWK has a private part; give the public one.",
                pointer: "/jwk/\(name)"
            )
        }
        var members = try ObjectReader(.object(jwk), at: "/jwk")
        let own = try members.identifier("kid", .identifier)
        let read = try JWKMembers(jwk, for: .verify)
        guard read["alg"] == nil || read["alg"] == alg.rawValue else {
            throw Problem.invalidKey("alg differs from the JWK's.", pointer: "/alg")
        }
        // Any kid will do to compute the thumbprint, which is the kid where nobody gave one.
        let key = try PublicJWK(read.with(alg: alg, kid: kid ?? own ?? "-"))
        guard kid == nil, own == nil else { return key }
        return try PublicJWK(read.with(alg: alg, kid: key.thumbprint))
    }
}
