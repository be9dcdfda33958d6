import Foundation

/// An encrypted logout token: its header, checked, and what a key pair makes of the rest.
///
/// Source: RFC 7516 §5.2. What the standards leave open is pinned to what Lastcall promises: the header is exactly
/// `alg`, `enc`, `typ`, `cty` and `iss`, `kid` where the client's key has one, and `epk` with ECDH-ES.
public struct EncryptedToken: Sendable {
    /// What is wrong with an encrypted token.
    public enum Defect: Error, Sendable, Hashable {
        /// An encrypted token has five parts; this one has another number.
        case parts(Int)
        /// This part (0 to 4) is not base64url without padding.
        case encoding(part: Int)
        /// The header is no JSON object, or has a member twice.
        case header
        /// The header has not exactly the members that it should have.
        case members([String])
        /// This member of the header is not what it should be.
        case member(String)
        /// The content key cannot be had with this key pair.
        case contentKey
        /// The tag is not of this key over these bytes.
        case tag
    }

    /// `alg`.
    public let alg: String
    /// `enc`.
    public let enc: String
    /// `kid`.
    public let kid: String?
    /// `iss`.
    public let iss: String
    /// The members of `epk`.
    public let epk: [String: String]?
    let encodedHeader: [UInt8]
    let encryptedKey: [UInt8]
    let iv: [UInt8]
    let ciphertext: [UInt8]
    let tag: [UInt8]

    /// Takes a token apart.
    ///
    /// - Parameter token: the compact JWE.
    /// - Throws: ``Defect``.
    public init(_ token: String) throws(Defect) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5 else { throw .parts(parts.count) }
        var decoded: [[UInt8]] = []
        for (index, part) in parts.enumerated() {
            // Only an agreed key leaves its part empty.
            if index == 1, part.isEmpty {
                decoded.append([])
            } else {
                guard let bytes = LogoutTokenVerifier.decode(part) else { throw .encoding(part: index) }
                decoded.append(Array(bytes))
            }
        }
        guard let object = try? JSONSerialization.jsonObject(with: Data(decoded[0])) as? [String: Any],
            RepeatedMember.first(in: decoded[0]) == nil
        else { throw .header }
        func text(_ name: String) throws(Defect) -> String {
            guard let value = object[name] as? String else { throw .member(name) }
            return value
        }
        alg = try text("alg")
        enc = try text("enc")
        iss = try text("iss")
        kid = object["kid"] == nil ? nil : try text("kid")
        epk = object["epk"] as? [String: String]
        guard try text("typ") == "logout+jwt" else { throw .member("typ") }
        guard try text("cty") == "JWT" else { throw .member("cty") }
        let names =
            ["alg", "enc", "typ", "cty", "iss"] + (kid == nil ? [] : ["kid"]) + (epk == nil ? [] : ["epk"])
        guard Set(object.keys) == Set(names), alg.hasPrefix("ECDH-ES") == (epk != nil) else {
            throw .members(object.keys.sorted())
        }
        encodedHeader = Array(parts[0].utf8)
        (encryptedKey, iv, ciphertext, tag) = (decoded[1], decoded[2], decoded[3], decoded[4])
    }
}
