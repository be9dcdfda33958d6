import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import Synchronization

/// Tells who presents an API key. An unknown id and a wrong secret are told apart by nobody, in words or in time.
final class Authenticator: Sendable {
    /// How long a grant is believed without asking again; a revocation holds everywhere within 5 s.
    static let grantLifetime = Duration.seconds(3)

    /// What an unknown id is compared with, so that it takes as long as a wrong secret.
    private static let noHash = [UInt8](repeating: 0, count: 32)

    private struct Known {
        let grant: AccessGrant?
        let until: ContinuousClock.Instant
    }

    private let store: OutboxStore
    private let operatorHash: [UInt8]?
    private let known = Mutex<[UUID: Known]>([:])

    /// `operatorKey`: the configured operator key, if there is one.
    init(store: OutboxStore, operatorKey: String?) {
        self.store = store
        operatorHash = operatorKey.map { Digests.sha256(Array($0.utf8)) }
    }

    /// - Throws: ``Problem/unauthorized``, or what the store throws.
    func principal(of request: APIRequest) async throws -> Principal {
        let fields = request.values(of: "authorization")
        guard fields.count == 1, let token = Self.bearerToken(fields[0]) else { throw Problem.unauthorized }
        guard let key = BearerKey(token) else { throw Problem.unauthorized }
        if let operatorHash, Digests.equal(operatorHash, Digests.sha256(Array(token.utf8))) {
            return .ofOperator("operator")
        }
        guard case .issued(let presented) = key else { throw Problem.unauthorized }
        let grant = try await grant(presented.id)
        guard presented.verify(against: grant?.secretHash ?? Self.noHash), let grant, grant.isUsable else {
            throw Problem.unauthorized
        }
        guard let issuerKey = grant.issuerKey, let name = grant.issuerName else {
            return .ofOperator(presented.id.lowercased)
        }
        return Principal(
            actor: presented.id.lowercased,
            issuer: IssuerReference(key: issuerKey, name: name),
            scopes: grant.scopes
        )
    }

    /// Asks the store again when this key is presented next.
    func forget(_ id: UUID) {
        known.withLock { _ = $0.removeValue(forKey: id) }
    }

    private func grant(_ id: UUID) async throws -> AccessGrant? {
        let now = ContinuousClock.now
        if let entry = known.withLock({ $0[id] }), entry.until > now { return entry.grant }
        let grant = try await store.accessGrant(id)
        known.withLock { known in
            // Guesses must not fill the memory: a full cache is begun anew.
            if known.count >= 10_000 { known.removeAll() }
            known[id] = Known(grant: grant, until: now + Self.grantLifetime)
        }
        return grant
    }

    /// RFC 6750 section 2.1; the scheme in any case.
    private static func bearerToken(_ field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let token = parts[1]
        guard (1...512).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            return nil
        }
        return String(token)
    }
}
