import Foundation

/// Checks logout tokens as the strictest RP would, and stricter than any must.
///
/// Shares no code with the signer: it splits, decodes and verifies by itself, so the same mistake would
/// have to be made twice. What OpenID Connect leaves open is pinned to what Lastcall promises: the header
/// is exactly `alg`, `typ`, `kid`; the claims are exactly those of a logout token; `aud` is one string.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6.
public struct LogoutTokenVerifier: Sendable {
    /// The claims of a token that passed every check.
    public struct Claims: Sendable, Hashable {
        /// `iss`.
        public let iss: String
        /// `aud`.
        public let aud: String
        /// `iat`, seconds since 1970.
        public let iat: Int64
        /// `exp`, seconds since 1970.
        public let exp: Int64
        /// `jti`.
        public let jti: String
        /// `sub`.
        public let sub: String?
        /// `sid`.
        public let sid: String?
        /// The header's `alg`.
        public let algorithm: String
        /// The header's `kid`.
        public let kid: String
    }

    /// What is wrong with a token; each check has its own case.
    public enum Defect: Error, Sendable, Hashable {
        /// A token has three parts with two dots between them; this one has another number.
        case parts(Int)
        /// This part (0 to 2) is not base64url without padding.
        case encoding(part: Int)
        /// This part (0 or 1) is not a JSON object.
        case notAnObject(part: Int)
        /// This member is in its object twice.
        case duplicateMember(String)
        /// The header lacks this member, or has it as something other than text.
        case headerMissing(String)
        /// The header has a member that Lastcall never sends.
        case headerExtra(String)
        /// `typ` is not `logout+jwt`.
        case type(String)
        /// `alg` is none of those that a logout token may have.
        case algorithm(String)
        /// The JWK Set has no key, or more than one, with this `kid`.
        case unknownKey(String)
        /// The key of that `kid` is for another algorithm or cannot be used.
        case keyDoesNotFit(kid: String)
        /// The signature is not of this key over these bytes.
        case signature
        /// The token lacks this claim, or has it as another type.
        case claimMissing(String)
        /// The token has a claim that Lastcall never sends; `nonce` above all.
        case claimExtra(String)
        /// `iss` is another.
        case issuer(String)
        /// `aud` is another.
        case audience(String)
        /// `exp` is not 1 to 120 seconds after `iat`.
        case lifetime(seconds: Int64)
        /// `iat` lies in the future.
        case notYetIssued
        /// `exp` has passed.
        case expired
        /// `events` is not exactly the one logout event with an empty object.
        case events
        /// Neither `sub` nor `sid`.
        case neitherSubNorSid
        /// This claim is there but empty.
        case emptyClaim(String)
        /// The JWK Set itself cannot be read.
        case keySet
    }

    private let keys: [VerificationKey]
    private let iss: String

    /// Reads the keys of an issuer.
    ///
    /// - Parameters:
    ///   - jwks: the bytes of the JWK Set document.
    ///   - iss: the `iss` to expect.
    /// - Throws: ``Defect/keySet``.
    public init(jwks: [UInt8], iss: String) throws(Defect) {
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(jwks)) as? [String: Any],
            let list = object["keys"] as? [[String: Any]]
        else { throw .keySet }
        var keys: [VerificationKey] = []
        for members in list {
            guard let members = members as? [String: String], let key = VerificationKey(members) else {
                throw .keySet
            }
            keys.append(key)
        }
        self.keys = keys
        self.iss = iss
    }

    /// Checks one token.
    ///
    /// - Parameters:
    ///   - token: the compact JWS.
    ///   - aud: the `client_id` that must be its `aud`.
    ///   - now: seconds since 1970; `iat` must not lie after it, `exp` must.
    /// - Returns: what the token says.
    /// - Throws: the first ``Defect``, in the order of the checks: form, header, signature, claims.
    public func verify(_ token: String, aud: String, now: Int64) throws(Defect) -> Claims {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .parts(parts.count) }
        var decoded: [Data] = []
        for (index, part) in parts.enumerated() {
            guard let bytes = Self.decode(part) else { throw .encoding(part: index) }
            decoded.append(bytes)
        }
        let header = try Self.object(decoded[0], part: 0)
        let (algorithm, kid) = try Self.checkHeader(header)
        let matching = keys.filter { $0.kid == kid }
        guard let key = matching.first, matching.count == 1 else { throw .unknownKey(kid) }
        guard key.algorithm == algorithm else { throw .keyDoesNotFit(kid: kid) }
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        guard let genuine = key.verifies(Array(decoded[2]), of: message) else {
            throw .keyDoesNotFit(kid: kid)
        }
        guard genuine else { throw .signature }
        let claims = try Self.object(decoded[1], part: 1)
        let read = try Self.readClaims(claims, algorithm: algorithm, kid: kid)
        guard read.iss.utf8.elementsEqual(iss.utf8) else { throw .issuer(read.iss) }
        guard read.aud.utf8.elementsEqual(aud.utf8) else { throw .audience(read.aud) }
        let lifetime = read.exp - read.iat
        guard (1...120).contains(lifetime) else { throw .lifetime(seconds: lifetime) }
        guard read.iat <= now else { throw .notYetIssued }
        guard now < read.exp else { throw .expired }
        return read
    }

    private static func checkHeader(_ header: [String: Any]) throws(Defect) -> (
        algorithm: String, kid: String
    ) {
        let allowed = ["alg", "typ", "kid"]
        if let extra = header.keys.sorted().first(where: { !allowed.contains($0) }) {
            throw .headerExtra(extra)
        }
        let algorithm = try text(header, "alg", .headerMissing("alg"))
        guard VerificationKey.algorithms.contains(algorithm) else { throw .algorithm(algorithm) }
        let type = try text(header, "typ", .headerMissing("typ"))
        guard type == "logout+jwt" else { throw .type(type) }
        return (algorithm, try text(header, "kid", .headerMissing("kid")))
    }

    private static func readClaims(
        _ claims: [String: Any],
        algorithm: String,
        kid: String
    ) throws(Defect) -> Claims {
        let allowed = ["iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"]
        if let extra = claims.keys.sorted().first(where: { !allowed.contains($0) }) {
            throw .claimExtra(extra)
        }
        let read = Claims(
            iss: try claim(claims, "iss"),
            aud: try claim(claims, "aud"),
            iat: try time(claims, "iat"),
            exp: try time(claims, "exp"),
            jti: try claim(claims, "jti"),
            sub: claims["sub"] == nil ? nil : try claim(claims, "sub"),
            sid: claims["sid"] == nil ? nil : try claim(claims, "sid"),
            algorithm: algorithm,
            kid: kid
        )
        guard read.sub != nil || read.sid != nil else { throw .neitherSubNorSid }
        guard
            let events = claims["events"] as? [String: Any], events.count == 1,
            let event = events["http://schemas.openid.net/event/backchannel-logout"] as? [String: Any],
            event.isEmpty
        else { throw .events }
        return read
    }

    private static func claim(_ claims: [String: Any], _ name: String) throws(Defect) -> String {
        let value = try text(claims, name, .claimMissing(name))
        guard !value.isEmpty else { throw .emptyClaim(name) }
        return value
    }

    private static func text(_ object: [String: Any], _ name: String, _ defect: Defect) throws(Defect)
        -> String
    {
        guard let value = object[name] as? String else { throw defect }
        return value
    }

    /// A whole number of at most 14 digits, so that no difference overflows.
    private static func time(_ claims: [String: Any], _ name: String) throws(Defect) -> Int64 {
        guard
            let number = claims[name] as? NSNumber, !(claims[name] is Bool),
            let value = Int64(number.stringValue), (0...99_999_999_999_999).contains(value)
        else { throw .claimMissing(name) }
        return value
    }

    private static func object(_ bytes: Data, part: Int) throws(Defect) -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
            throw .notAnObject(part: part)
        }
        if let twice = RepeatedMember.first(in: Array(bytes)) { throw .duplicateMember(twice) }
        return object
    }

    /// Base64url without padding; `nil` for what another text would decode to as well.
    static func decode(_ text: Substring) -> Data? {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.count % 4) % 4)
        guard !text.isEmpty, !text.contains(where: { "+/=".contains($0) }) else { return nil }
        guard let data = Data(base64Encoded: standard + padding) else { return nil }
        return data.base64EncodedString() == standard + padding ? data : nil
    }
}
