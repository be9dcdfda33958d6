import Foundation

/// Checks pushes of Security Event Tokens as the strictest receiver would, and stricter than any must: the request byte
/// for byte, the header exactly `alg`, `typ`, `kid`, the claims exactly those of a revoked session.
///
/// Shares no code with the signer, and none with the verifier of logout tokens but the reading of keys and base64url.
///
/// Source: RFC 8935 §2, RFC 8417 §2, RFC 9493 §3, OpenID CAEP 1.0.
public struct SecurityEventVerifier: Sendable {
    /// What a token says that passed every check.
    public struct Statement: Sendable, Hashable {
        /// `iss`.
        public let iss: String
        /// `aud`.
        public let aud: String
        /// `iat`, seconds since 1970.
        public let iat: Int64
        /// `jti`.
        public let jti: String
        /// `txn`.
        public let txn: String
        /// The user of `sub_id`, who is `iss`'s.
        public let sub: String?
        /// The session of `sub_id`.
        public let sid: String?
        /// `event_timestamp`.
        public let timestamp: Int64
        /// `initiating_entity`.
        public let initiatingEntity: String?
        /// `reason_admin` in English.
        public let reason: String
        /// The header's `alg`.
        public let algorithm: String
        /// The header's `kid`.
        public let kid: String
    }

    /// What is wrong with a push; each check has its own case.
    public enum Defect: Error, Sendable, Hashable {
        /// The JWK Set itself cannot be read.
        case keySet
        /// The method is not `POST`.
        case method(String)
        /// A header of the request that Lastcall never sends, in lower case.
        case headerExtra(String)
        /// A header of the request is not there once, or says something else; in lower case.
        case header(String)
        /// A token has three parts; this one has another number.
        case parts(Int)
        /// This part (0 to 2) is not base64url without padding.
        case encoding(part: Int)
        /// This part (0 or 1) is not a JSON object, or has a member twice.
        case object(part: Int)
        /// This member of the token's header is missing, another, or one that is never there.
        case jose(String)
        /// The JWK Set has no key, or more than one, for this `kid` and algorithm.
        case unknownKey(String)
        /// The signature is not of this key over these bytes.
        case signature
        /// The members of this object are not those that it has; the token itself is the empty name.
        case members(of: String)
        /// This claim is missing, empty, or of another type or value.
        case claim(String)
    }

    private static let sessionRevoked =
        "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

    private let keys: [VerificationKey]
    private let iss: String

    /// Reads the keys of an issuer.
    ///
    /// - Parameters:
    ///   - jwks: the bytes of the JWK Set document.
    ///   - iss: the `iss` to expect.
    /// - Throws: ``Defect/keySet``.
    public init(jwks: [UInt8], iss: String) throws(Defect) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(jwks)) as? [String: Any],
            let list = object["keys"] as? [[String: String]]
        else { throw .keySet }
        var keys: [VerificationKey] = []
        for members in list {
            guard let key = VerificationKey(members) else { throw .keySet }
            keys.append(key)
        }
        self.keys = keys
        self.iss = iss
    }

    /// Checks one push.
    ///
    /// - Parameters:
    ///   - request: as received.
    ///   - aud: what must be its token's `aud`.
    ///   - authorization: what its `Authorization` must be; `nil` where it must have none.
    ///   - now: seconds since 1970; `iat` must not lie after it.
    /// - Returns: what the token says.
    /// - Throws: the first ``Defect``, in the order of the checks: request, form, header, signature, claims.
    public func verify(_ request: ReceivedRequest, aud: String, authorization: String? = nil, now: Int64)
        throws(Defect) -> Statement
    {
        guard request.method == "POST" else { throw .method(request.method) }
        var expected = [
            "host": nil, "user-agent": nil, "accept": "application/json",
            "content-type": "application/secevent+jwt", "content-length": "\(request.body.count)",
        ]
        if let authorization { expected["authorization"] = authorization }
        for header in request.headers where expected[header.name.lowercased()] == nil {
            throw .headerExtra(header.name.lowercased())
        }
        for (name, value) in expected {
            let values = request.values(of: name)
            guard values.count == 1, value.map({ $0 == values[0] }) ?? true else { throw .header(name) }
        }
        return try verify(String(decoding: request.body, as: UTF8.self), aud: aud, now: now)
    }

    /// Checks one token.
    public func verify(_ token: String, aud: String, now: Int64) throws(Defect) -> Statement {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .parts(parts.count) }
        var decoded: [Data] = []
        for (index, part) in parts.enumerated() {
            guard let bytes = LogoutTokenVerifier.decode(part) else { throw .encoding(part: index) }
            decoded.append(bytes)
        }
        let header = try Self.object(decoded[0], part: 0)
        guard Set(header.keys) == ["alg", "typ", "kid"] else { throw .jose("") }
        guard header["typ"] as? String == "secevent+jwt" else { throw .jose("typ") }
        guard let algorithm = header["alg"] as? String, VerificationKey.algorithms.contains(algorithm) else {
            throw .jose("alg")
        }
        guard let kid = header["kid"] as? String else { throw .jose("kid") }
        let matching = keys.filter { $0.kid == kid && $0.algorithm == algorithm }
        guard let key = matching.first, matching.count == 1 else { throw .unknownKey(kid) }
        guard key.verifies(Array(decoded[2]), of: Array("\(parts[0]).\(parts[1])".utf8)) == true else {
            throw .signature
        }
        return try statement(Self.object(decoded[1], part: 1), aud: aud, now: now, algorithm, kid)
    }

    private func statement(
        _ claims: [String: Any],
        aud: String,
        now: Int64,
        _ algorithm: String,
        _ kid: String
    ) throws(Defect) -> Statement {
        guard Set(claims.keys) == ["iss", "aud", "iat", "jti", "txn", "sub_id", "events"] else {
            throw .members(of: "")
        }
        guard try Self.text(claims, "iss") == iss else { throw .claim("iss") }
        guard try Self.text(claims, "aud") == aud else { throw .claim("aud") }
        let iat = try Self.time(claims, "iat")
        guard iat <= now else { throw .claim("iat") }
        let (sub, sid) = try subject(claims["sub_id"])
        guard let events = claims["events"] as? [String: Any], events.count == 1,
            let event = events[Self.sessionRevoked] as? [String: Any]
        else { throw .claim("events") }
        let required: Set = ["event_timestamp", "reason_admin"]
        guard Set(event.keys).subtracting(["initiating_entity"]) == required else {
            throw .members(of: "event")
        }
        let timestamp = try Self.time(event, "event_timestamp")
        guard timestamp <= iat else { throw .claim("event_timestamp") }
        let entity = event["initiating_entity"] as? String
        guard event["initiating_entity"] == nil || ["admin", "user", "policy", "system"].contains(entity)
        else {
            throw .claim("initiating_entity")
        }
        guard let reasons = event["reason_admin"] as? [String: Any], Set(reasons.keys) == ["en"] else {
            throw .claim("reason_admin")
        }
        return Statement(
            iss: iss,
            aud: aud,
            iat: iat,
            jti: try Self.text(claims, "jti"),
            txn: try Self.text(claims, "txn"),
            sub: sub,
            sid: sid,
            timestamp: timestamp,
            initiatingEntity: entity,
            reason: try Self.text(reasons, "en"),
            algorithm: algorithm,
            kid: kid
        )
    }

    /// A user, a session, or both of them as a complex subject.
    private func subject(_ value: Any?) throws(Defect) -> (sub: String?, sid: String?) {
        guard let subject = value as? [String: Any] else { throw .claim("sub_id") }
        switch subject["format"] as? String {
        case "iss_sub": return (try user(subject), nil)
        case "opaque": return (nil, try session(subject))
        case "complex":
            guard Set(subject.keys) == ["format", "user", "session"],
                let user = subject["user"] as? [String: Any],
                let session = subject["session"] as? [String: Any]
            else { throw .members(of: "sub_id") }
            return (try self.user(user), try self.session(session))
        default: throw .claim("format")
        }
    }

    private func user(_ members: [String: Any]) throws(Defect) -> String {
        guard Set(members.keys) == ["format", "iss", "sub"] else { throw .members(of: "user") }
        guard members["format"] as? String == "iss_sub" else { throw .claim("format") }
        guard try Self.text(members, "iss") == iss else { throw .claim("iss") }
        return try Self.text(members, "sub")
    }

    private func session(_ members: [String: Any]) throws(Defect) -> String {
        guard Set(members.keys) == ["format", "id"] else { throw .members(of: "session") }
        guard members["format"] as? String == "opaque" else { throw .claim("format") }
        return try Self.text(members, "id")
    }

    private static func text(_ members: [String: Any], _ name: String) throws(Defect) -> String {
        guard let text = members[name] as? String, !text.isEmpty else { throw .claim(name) }
        return text
    }

    /// Whole seconds of this century and the next two: neither milliseconds nor a fraction.
    private static func time(_ members: [String: Any], _ name: String) throws(Defect) -> Int64 {
        guard let number = members[name] as? NSNumber, !(members[name] is Bool),
            let value = Int64(number.stringValue), (946_684_800...10_000_000_000).contains(value)
        else { throw .claim(name) }
        return value
    }

    private static func object(_ bytes: Data, part: Int) throws(Defect) -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any],
            RepeatedMember.first(in: Array(bytes)) == nil
        else { throw .object(part: part) }
        return object
    }
}
