import AuditTrail
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension LastcallAPI {
    var accessKeyRoutes: [Route] {
        [
            Route("GET", "/v1/api-keys", .scopes([.admin]), listAccessKeys),
            Route("POST", "/v1/api-keys", .scopes([.admin]), postAccessKey),
            Route("DELETE", "/v1/api-keys/{id}", .scopes([.admin]), deleteAccessKey),
        ]
    }

    @Sendable private func listAccessKeys(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let cursor = try query.cursor(Cursor.id)
        try query.finish()
        let found = try await store.accessKeys(
            of: call.principal.issuer?.key,
            before: cursor,
            limit: limit + 1
        )
        return APIResponse(page: try Page(found, limit: limit) { try call.cursor($0.id) }) {
            $0.accessKey($1, secret: nil)
        }
    }

    @Sendable private func postAccessKey(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        var body = try await call.object()
        let name = try body.string("name", maximumBytes: 255)
        let issuerName = try body.optionalString("issuer", maximumBytes: 40)
        let wanted = try body.optionalStringArray("scopes", maximumCount: 16, maximumBytes: 32)
        let expiresAt = try Self.expiry(&body)
        let callsPerSecond = try body.optionalInt("calls_per_second", AccessKey.callsPerSecondRange)
        try body.finish()
        let issuer = try await ownIssuer(named: issuerName, call.principal)
        let scopes = try Self.scopes(wanted, isOperator: issuer == nil)
        guard let key = APIKeySecret(id: Self.newID(), randomBytes: try Digests.randomBytes(32)) else {
            throw Problem.internalError
        }
        let note = AuditNote(
            .apiKeyCreated,
            actor: call.principal.actor,
            data: JSONWriter.text { writer in
                writer.member("api_key_id", key.id.lowercased)
                writer.member("name", name)
                writer.member("scopes", scopes.map(\.rawValue))
                if let callsPerSecond { writer.member("calls_per_second", callsPerSecond) }
            }
        )
        var new = NewAccessKey(
            id: key.id,
            name: name,
            issuer: issuer.map { ($0.key, $0.name) },
            scopes: scopes,
            secretHash: key.hash
        )
        new.expiresAt = expiresAt
        new.callsPerSecond = callsPerSecond
        let made = try await store.addAccessKey(new, note: note)
        return APIResponse(status: 201) { $0.accessKey(made, secret: key.reveal()) }
    }

    @Sendable private func deleteAccessKey(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try await call.requireNoBody()
        let id = try call.id("id")
        let note = AuditNote(
            .apiKeyRevoked,
            actor: call.principal.actor,
            data: JSONWriter.text { writer in
                writer.member("api_key_id", id.lowercased)
            }
        )
        try await store.revokeAccessKey(id, of: call.principal.issuer?.key, note: note)
        authenticator.forget(id)
        return .noContent
    }

    /// The issuer that a new key is for: an issuer's own key can make keys of that issuer alone.
    private func ownIssuer(named name: String?, _ principal: Principal) async throws -> IssuerReference? {
        if let own = principal.issuer {
            guard name == nil || name.map({ $0.utf8.elementsEqual(own.name.utf8) }) == true else {
                throw Problem.notFound
            }
            return own
        }
        guard let name else { return nil }
        guard let issuer = try await store.issuer(named: name) else {
            throw Problem.invalidRequest("There is no issuer of this name.", pointer: "/issuer")
        }
        return IssuerReference(key: issuer.key, name: issuer.name)
    }

    private static func scopes(_ wanted: [String]?, isOperator: Bool) throws -> [AccessScope] {
        guard let wanted else {
            // An operator's key has them all; an issuer's must say what it is for.
            guard isOperator else {
                throw Problem.invalidRequest("The member is required.", pointer: "/scopes")
            }
            return AccessScope.allCases
        }
        let scopes = try wanted.enumerated().map { index, text in
            guard let scope = AccessScope(rawValue: text) else {
                let known = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.invalidRequest("A scope is one of: \(known).", pointer: "/scopes/\(index)")
            }
            return scope
        }
        // It has them all everywhere: one that asks for fewer would be trusted with more than its maker meant.
        guard !isOperator || Set(scopes) == Set(AccessScope.allCases) else {
            throw Problem.invalidRequest(
                "An operator's key has every scope: leave scopes out, or name an issuer.",
                pointer: "/scopes"
            )
        }
        guard !scopes.isEmpty else {
            throw Problem.invalidRequest("The value must not be empty.", pointer: "/scopes")
        }
        return AccessScope.allCases.filter(scopes.contains)
    }

    private static func expiry(_ body: inout ObjectReader) throws -> Timestamp? {
        guard let text = try body.optionalString("expires_at", maximumBytes: 64) else { return nil }
        guard let time = Timestamp(text: text) else {
            throw Problem.invalidRequest("expires_at must be an RFC 3339 time.", pointer: "/expires_at")
        }
        guard time > Timestamp.now else {
            throw Problem.invalidRequest("expires_at must not be past.", pointer: "/expires_at")
        }
        return time
    }

    private static func newID() -> UUID {
        UUID.floor(of: .now).filledAsVersion7(with: UUID())
    }
}

extension JSONWriter {
    fileprivate mutating func accessKey(_ key: AccessKey, secret: String?) {
        object { writer in
            writer.member("id", key.id.lowercased)
            if let secret { writer.member("key", secret) }
            writer.member("name", key.name)
            writer.member("issuer", key.issuerName)
            writer.member("scopes", key.scopes.map(\.rawValue))
            writer.member("calls_per_second", key.callsPerSecond)
            writer.member("created_at", key.createdAt.text)
            writer.member("expires_at", key.expiresAt?.text)
            writer.member("last_used_at", key.lastUsedAt?.text)
        }
    }
}
