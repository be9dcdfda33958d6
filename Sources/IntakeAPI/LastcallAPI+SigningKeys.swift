import AuditTrail
import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension LastcallAPI {
    var signingKeyRoutes: [Route] {
        let path = "/v1/issuers/{issuer}/signing-keys"
        return [
            Route("GET", "/issuers/{issuer}/jwks.json", .everyone, getJWKSet),
            Route("GET", path, .scopes([.admin, .read]), listSigningKeys),
            Route("POST", path, .scopes([.admin]), postSigningKey),
            Route("GET", path + "/{kid}", .scopes([.admin, .read]), getSigningKey),
            Route("POST", path + "/{kid}/activate", .scopes([.admin]), activateSigningKey),
            Route("POST", path + "/{kid}/retire", .scopes([.admin]), retireSigningKey),
        ]
    }

    private var rotation: KeyRotation {
        KeyRotation(publication: settings.keyPublication, retiredPublication: settings.retiredKeyPublication)
    }

    @Sendable private func getJWKSet(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let records = try await store.signingKeys(of: call.issuerKey())
        let keys = try records.map { try $0.staged() }
        let now = records.first?.readAt.microseconds ?? 0
        var response = APIResponse(status: 200, body: JWKSet.document(rotation.publishedKeys(keys, now: now)))
        response.headers = [
            ("Content-Type", "application/jwk-set+json"),
            ("Cache-Control", "public, max-age=\(rotation.cacheSeconds)"),
        ]
        return response
    }

    @Sendable private func listSigningKeys(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let after = try query.cursor(Cursor.name)
        try query.finish()
        var records = try await store.signingKeys(of: call.issuerKey())
        if let after {
            guard let place = records.firstIndex(where: { $0.kid.utf8.elementsEqual(after.utf8) }) else {
                throw Problem.invalidRequest("The cursor is not one of ours.")
            }
            records.removeFirst(place + 1)
        }
        return APIResponse(page: try Page(records, limit: limit) { try call.cursor($0.kid) }) {
            $0.signingKey($1)
        }
    }

    @Sendable private func getSigningKey(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let kid = try call.parameter("kid")
        let records = try await store.signingKeys(of: call.issuerKey())
        guard let record = records.first(where: { $0.kid.utf8.elementsEqual(kid.utf8) }) else {
            throw Problem.notFound
        }
        return APIResponse(status: 200) { $0.signingKey(record) }
    }

    @Sendable private func postSigningKey(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let name = try call.parameter("issuer")
        let body = try await call.object()
        if let new = try NewSigningKey(readingExternal: body) {
            let note = Self.note(.signingKeyCreated, kid: new.kid, alg: new.alg, heldBy: new.heldBy, call)
            let record = try await store.addSigningKey(new, ofIssuerNamed: name, note: note)
            return APIResponse(status: 201) { $0.signingKey(record) }
        }
        guard let encryptionKey = settings.keyEncryptionKey else {
            throw Problem.unavailable(
                "This process has no key-encryption key, so it can keep no signing key."
            )
        }
        let key = try SigningKey(reading: body)
        let sealed: SealedKey
        do {
            sealed = try SealedKey(sealing: key, issuerID: Array(name.utf8), under: encryptionKey)
        } catch {
            throw Problem.internalError
        }
        let new = NewSigningKey(
            kid: key.kid,
            alg: key.algorithm.rawValue,
            publicJWK: String(decoding: key.publicJWK.json, as: UTF8.self),
            sealedPrivateKey: sealed.sealed.bytes
        )
        let note = Self.note(.signingKeyCreated, kid: key.kid, alg: new.alg, call)
        let record = try await store.addSigningKey(new, ofIssuerNamed: name, note: note)
        return APIResponse(status: 201) { $0.signingKey(record) }
    }

    @Sendable private func activateSigningKey(_ call: Call) async throws -> APIResponse {
        let isForced = try await Self.force(call)
        let kid = try call.parameter("kid")
        let record = try await store.activateSigningKey(
            kid,
            ofIssuerNamed: call.parameter("issuer"),
            note: Self.note(.signingKeyActivated, kid: kid, alg: nil, call),
            isRepublished: { [rotation] key in
                try rotation.hasLeft(key.staged(), now: key.readAt.microseconds)
            }
        ) { [rotation] key, _ in
            do {
                try rotation.checkActivation(of: key.staged(), now: key.readAt.microseconds, forced: isForced)
            } catch is KeyStageError {
                throw OutboxError.keyRule("key_not_yet_published")
            }
        }
        return APIResponse(status: 200) { $0.signingKey(record) }
    }

    @Sendable private func retireSigningKey(_ call: Call) async throws -> APIResponse {
        let isForced = try await Self.force(call)
        let kid = try call.parameter("kid")
        let record = try await store.retireSigningKey(
            kid,
            ofIssuerNamed: call.parameter("issuer"),
            note: Self.note(.signingKeyRetired, kid: kid, alg: nil, call)
        ) { [rotation] key, keys in
            do {
                try rotation.checkRetirement(
                    of: key.staged(),
                    among: keys.map { try $0.staged() },
                    forced: isForced
                )
            } catch is KeyStageError {
                throw OutboxError.keyRule("last_active_key")
            }
        }
        return APIResponse(status: 200) { $0.signingKey(record) }
    }

    private static func force(_ call: Call) async throws -> Bool {
        try call.query().finish()
        var body = try await call.optionalObject()
        let force = try body.optionalBool("force") ?? false
        try body.finish()
        return force
    }

    private static func note(
        _ type: AuditType,
        kid: String,
        alg: String?,
        heldBy holder: KeyHolder = .lastcall,
        _ call: Call
    ) -> AuditNote {
        AuditNote(
            type,
            actor: call.principal.actor,
            data: JSONWriter.text { writer in
                writer.member("kid", kid)
                if let alg { writer.member("alg", alg) }
                if holder != .lastcall { writer.member("held_by", holder.rawValue) }
            }
        )
    }
}

extension SigningKeyRecord {
    /// The key as the rotation rules see it.
    fileprivate func staged() throws -> StagedKey {
        guard case .object(let object) = try JSON.parse(Array(publicJWK.utf8), maximumBytes: 65_536),
            let stage = KeyStage(rawValue: stage)
        else { throw OutboxError.unknownWord(stage) }
        return StagedKey(
            jwk: try PublicJWK(object.jwkMembers),
            stage: stage,
            publishedAt: publishedAt.microseconds,
            retiredAt: retiredAt?.microseconds
        )
    }
}

extension JSONObject {
    /// The members that are strings: what a stored JWK is made of.
    var jwkMembers: JWKMembers {
        var values: [String: String] = [:]
        for case let member in members {
            if case .string(let value) = member.value { values[member.name] = value }
        }
        return JWKMembers(values)
    }
}

extension SigningKey {
    /// Reads the body of a `POST`: `{"alg"}`, `{"jwk"}` or `{"pem", "alg", "kid"?}`.
    fileprivate init(reading body: ObjectReader) throws {
        var body = body
        // Absent members, spelled out: see `NewSigningKey.init(readingExternal:)`.
        for name in ["pkcs11", "remote"] { _ = body.value(name) }
        do {
            let kid = try body.identifier("kid", .identifier)
            if let value = body.value("jwk"), value != .null {
                // A JWK of the wrong kind must not turn an import into a new key.
                guard case .object(let jwk) = value else {
                    throw body.error("jwk", .wrongType(expected: .object))
                }
                try self.init(importing: jwk, kid: kid, from: &body)
                return
            }
            let alg = try body.enumeration("alg", of: SignatureAlgorithm.self)
            let pem = try body.optionalString("pem", maximumBytes: 65_536, text: .free)
            try body.finish()
            let key = try pem.map { try PrivateKey(pem: $0, for: alg) } ?? PrivateKey.generate(for: alg)
            try self.init(key, kid: kid)
        } catch let error as KeyError {
            throw Problem(error)
        } catch let error as JSONError {
            throw Problem.invalidKey(error.detail, pointer: error.pointer)
        }
    }

    private init(importing jwk: JSONObject, kid: String?, from body: inout ObjectReader) throws {
        let alg = try body.optionalEnumeration("alg", of: SignatureAlgorithm.self)
        try body.finish()
        var members = try ObjectReader(.object(jwk), at: "/jwk")
        let own = try members.identifier("kid", .identifier)
        let key = try PrivateKey(jwk: JWKMembers(jwk, for: .sign))
        guard alg == nil || alg == key.algorithm else {
            throw Problem.invalidKey("alg differs from the JWK's.", pointer: "/alg")
        }
        try self.init(key, kid: kid ?? own)
    }
}

extension Problem {
    /// Why a key is refused; never with a part of it.
    init(_ error: KeyError) {
        let (detail, pointer): (String, String?) =
            switch error {
            case .doesNotFit(let alg, let found):
                ("The key is \(found), which does not fit \(alg.rawValue).", nil)
            case .rsaBits(let bits): ("An RSA key must have 2048 to 8192 bits, not \(bits).", nil)
            case .rsaExponent: ("The RSA key's public exponent is not allowed.", nil)
            case .inconsistent: ("The parts of the key do not fit each other.", nil)
            case .missingMember(let name): ("The JWK lacks \(name).", "/jwk/\(name)")
            case .malformedMember(let name): ("The JWK's \(name) is malformed.", "/jwk/\(name)")
            case .unsupportedMember(let name, _): ("The JWK's \(name) is not supported.", "/jwk/\(name)")
            case .noPrivateKey: ("There is no private key in it.", nil)
            case .encrypted: ("The PEM is encrypted; decrypt it before it is imported.", "/pem")
            case .unreadable: ("It is no private key in PEM.", "/pem")
            case .kidMalformed: ("A kid is 1 to 255 bytes of UTF-8 without control characters.", "/kid")
            default: ("The key cannot be used.", nil)
            }
        self = .invalidKey(detail, pointer: pointer)
    }
}

extension JSONWriter {
    fileprivate mutating func signingKey(_ key: SigningKeyRecord) {
        object { writer in
            writer.member("kid", key.kid)
            writer.member("alg", key.alg)
            writer.member("stage", key.stage)
            writer.member("held_by", key.heldBy.rawValue)
            writer.member("key_reference", key.keyReference)
            writer.member("created_at", key.createdAt.text)
            writer.member("published_at", key.publishedAt.text)
            writer.member("activated_at", key.activatedAt?.text)
            writer.member("retired_at", key.retiredAt?.text)
        }
    }
}
