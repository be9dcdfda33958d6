public import AuditTrail
import CoreMetrics
public import Logging
public import Outbox

/// Seals the audit trail, a second or so behind its writers.
///
/// Any number of these run against one database: for each issuer one at a time gets the turn, for one step. They read
/// what has settled and lock no row of it, so no delivery ever waits for a seal.
public struct AuditSealer: Sendable {
    /// The pause between two looks, when nothing is left to be sealed.
    private static let interval = Duration.seconds(1)
    /// A look through all issuers, for what the looks at recent events have missed, comes after this many.
    private static let looksBetweenFullOnes = 300

    private let store: OutboxStore
    private let logger: Logger
    private let sealed = Counter(label: "lastcall_audit_entries_sealed_total")

    /// A sealer over a store.
    public init(store: OutboxStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Seals until the task is cancelled.
    public func run() async {
        var looks = 0
        var reached: AuditPosition?
        while !Task.isCancelled {
            do {
                reached = try await round(after: looks % Self.looksBetweenFullOnes == 0 ? nil : reached)
                looks += 1
            } catch {
                logger.notice("the audit trail cannot be sealed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.interval * Double.random(in: 0.8...1.2))
        }
    }

    /// One look, and every step that it asks for.
    ///
    /// `position`: where the look before ended; without one, events of all times are looked for.
    /// - Returns: where the next look begins.
    public func round(after position: AuditPosition?) async throws -> AuditPosition {
        guard let position else {
            let horizon = try await store.auditHorizon()
            try await seal(try await store.auditBacklog())
            return horizon
        }
        let found = try await store.unsealedAudit(after: position)
        try await seal(found.issuers)
        return found.end
    }

    private func seal(_ issuers: [Int32]) async throws {
        var failure: (any Error)?
        for issuer in issuers {
            do {
                while !Task.isCancelled, let count = try await store.sealAudit(of: issuer) {
                    sealed.increment(by: count)
                    if count < OutboxStore.maximumSealedAtOnce { break }
                }
            } catch {
                // One issuer's trouble is not another's.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}
