import CoreMetrics
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import Synchronization

/// Tells who presents an API key, and how often they may.
///
/// An unknown id and a wrong secret take one path, whether the id is known here or not: one hash, one comparison, one
/// look-up by primary key, one comparison. Failures are bounded for the whole process, so that a flood of guesses
/// becomes no flood of queries; keys that have been proven here do not feel that bound.
final class Authenticator: Sendable {
    let proven: ProvenKeys
    private let store: OutboxStore
    private let operatorHash: [UInt8]?
    private let operatorBucket: Mutex<TokenBucket?>
    private let failures: Mutex<TokenBucket?>
    private let metrics = AccessMetrics()

    init(store: OutboxStore, settings: APISettings) {
        self.store = store
        operatorHash = settings.operatorKey.map { Digests.sha256(Array($0.utf8)) }
        let limit = CallLimit(callsPerSecond: settings.keyCallsPerSecond, burstCalls: settings.keyBurstCalls)
        proven = ProvenKeys(limit: limit)
        operatorBucket = Mutex(limit.bucket(callsPerSecond: nil, now: .now))
        let failing = settings.failedAuthenticationsPerSecond
        failures = Mutex(TokenBucket(perSecond: failing, burst: failing, now: .now))
    }

    /// Who calls.
    ///
    /// `counts`: as a call, against the key's limit; otherwise it is only looked whether the key still holds.
    /// - Throws: ``Problem/unauthorized``, ``Problem/rateLimited(_:)``, or what the store throws.
    func principal(of request: APIRequest, counts: Bool = true) async throws -> Principal {
        let fields = request.values(of: "authorization")
        guard fields.count == 1, let token = Self.bearerToken(fields[0]), let key = BearerKey(token) else {
            throw failed()
        }
        let now = ContinuousClock.now
        if let operatorHash, Digests.equal(operatorHash, Digests.sha256(Array(token.utf8))) {
            return try configuredOperator(counts: counts)
        }
        guard case .issued(let presented) = key else { throw failed() }
        switch proven.find(presented.id, hash: presented.hash, counts: counts, now: now) {
        case .valid(let principal): return principal
        case .exhausted(let wait): throw limited(wait)
        case .due(let principal):
            // While nobody can say, it is believed until its time is over.
            let renewed: Principal?
            do { renewed = try await lookUp(presented, counts: false) } catch { return principal }
            guard let renewed else { throw dropped(presented) }
            return renewed
        case .stale:
            guard let principal = try await lookUp(presented, counts: counts) else {
                throw dropped(presented)
            }
            return principal
        case .unproven:
            // Paid for in advance, so that a thousand at once are not a thousand queries.
            if let wait = failures.withLock({ $0?.take(now: now) }) { throw refused(wait) }
            guard let principal = try await lookUp(presented, counts: counts) else {
                metrics.failed.increment()
                throw Problem.unauthorized
            }
            failures.withLock { $0?.putBack() }
            return principal
        }
    }

    /// Who holds a key that was shown before: what it is worth now, whatever was believed of it.
    ///
    /// - Throws: ``Problem/unauthorized``, ``Problem/rateLimited(_:)``, or what the store throws.
    func principal(of key: UUID, counts: Bool) async throws -> Principal {
        let generation = proven.generation
        let now = ContinuousClock.now
        guard let grant = try await store.accessGrant(key), grant.isUsable else { throw Problem.unauthorized }
        let principal = Self.principal(key.lowercased, grant)
        let wait = proven.store(key, grant, principal, counts: counts, generation: generation, now: now)
        if let wait { throw limited(wait) }
        return principal
    }

    /// Who holds the operator key of the settings.
    ///
    /// - Throws: ``Problem/rateLimited(_:)``.
    func configuredOperator(counts: Bool) throws -> Principal {
        if counts, let wait = operatorBucket.withLock({ $0?.take(now: .now) }) { throw limited(wait) }
        return .ofOperator("operator")
    }

    /// What only the operator key of the settings makes of a secret.
    func operatorProof(over secret: [UInt8]) -> [UInt8]? {
        operatorHash.map { Digests.hmacSHA256(key: $0, secret) }
    }

    /// Asks the store again when this key is presented next.
    func forget(_ id: UUID) { proven.forget(id) }

    /// Asks the store; `nil` for a key that is unknown, wrong, revoked or expired.
    private func lookUp(_ presented: APIKeySecret, counts: Bool) async throws -> Principal? {
        let generation = proven.generation
        let now = ContinuousClock.now
        let grant = try await store.accessGrant(presented.id)
        guard presented.verify(against: grant?.secretHash ?? APIKeyHash.ofNoKey), let grant, grant.isUsable
        else {
            return nil
        }
        let principal = Self.principal(presented.id.lowercased, grant)
        let wait = proven.store(
            presented.id,
            grant,
            principal,
            counts: counts,
            generation: generation,
            now: now
        )
        if let wait { throw limited(wait) }
        return principal
    }

    private static func principal(_ actor: String, _ grant: AccessGrant) -> Principal {
        guard let key = grant.issuerKey, let name = grant.issuerName else { return .ofOperator(actor) }
        return Principal(actor: actor, issuer: IssuerReference(key: key, name: name), scopes: grant.scopes)
    }

    /// A key that was good, and is no more.
    private func dropped(_ key: APIKeySecret) -> Problem {
        proven.forget(key.id)
        return failed()
    }

    /// One more failure; beyond their bound they are refused before any work.
    private func failed() -> Problem {
        if let wait = failures.withLock({ $0?.take(now: .now) }) { return refused(wait) }
        metrics.failed.increment()
        return .unauthorized
    }

    private func refused(_ wait: Duration) -> Problem {
        metrics.refused.increment()
        return .rateLimited(wait)
    }

    private func limited(_ wait: Duration) -> Problem {
        metrics.limited.increment()
        return .rateLimited(wait)
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
