public import FoundationEssentials

/// Walks a chain of seals from its beginning and holds what is kept of the trail against it.
///
/// A pure value: the caller reads seal after seal, and for each the events that stand from the end of the seal before
/// it to its own. Retention drops the oldest events whole; those count as no longer kept, and their seals still hold.
public struct AuditChain: Sendable {
    /// The last seal that was sound.
    public private(set) var head: AuditHead
    /// Where it ends.
    public private(set) var end = AuditPosition.beginning
    /// Events that are as they were sealed.
    public private(set) var intact = 0
    /// Sealed events that retention has dropped.
    public private(set) var notKept = 0
    private let expected: AuditHead?

    /// The beginning of an issuer's chain.
    ///
    /// - Parameters:
    ///   - issuer: the issuer's row; 0 is the installation.
    ///   - expected: a head that was kept elsewhere.
    public init(ofIssuer issuer: Int32, expecting expected: AuditHead? = nil) {
        head = AuditHead(number: 0, hash: AuditSeal.genesis(ofIssuer: issuer))
        self.expected = expected
    }

    /// Checks a seal against the one before it, by the hashes alone.
    public func check(_ seal: AuditSeal) throws(AuditBreak) {
        guard seal.number == head.number + 1 else { throw .missingSeal(head.number + 1) }
        guard seal.previousHash == head.hash, seal.computedHash == seal.hash,
            seal.body.count == seal.entryCount * AuditSeal.Entry.length,
            seal.entries.last?.id == seal.last.id,
            seal.last > end
        else { throw .brokenSeal(seal.number) }
        if let expected, expected.number == seal.number, expected.hash != seal.hash {
            throw .otherHead(seal.number)
        }
    }

    /// Takes the next seal.
    ///
    /// - Parameters:
    ///   - seal: the seal behind ``head``.
    ///   - found: every event that stands behind ``end`` and not behind the seal's own end.
    ///   - oldestKept: the lowest id of the issuer's events; `nil` where there is none.
    /// - Throws: the first break; the chain stays where it was.
    public mutating func advance(over seal: AuditSeal, found: [AuditRecord], oldestKept: UUID?)
        throws(AuditBreak)
    {
        try check(seal)
        let entries = seal.entries
        let sealed = Set(entries.map(\.id))
        if let stranger = found.first(where: { !sealed.contains($0.id) }) {
            throw .inserted(stranger.id, seal: seal.number)
        }
        let records = Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var dropped = 0
        for entry in entries {
            if let record = records[entry.id] {
                guard record.digest == entry.digest else { throw .changed(entry.id, seal: seal.number) }
            } else {
                // Retention goes by ids, as partitions do: what it took is older than all that it left.
                if let oldestKept, entry.id > oldestKept { throw .missing(entry.id, seal: seal.number) }
                dropped += 1
            }
        }
        head = AuditHead(number: seal.number, hash: seal.hash)
        end = seal.last
        intact += entries.count - dropped
        notKept += dropped
    }

    /// Says that there is no further seal.
    ///
    /// - Throws: where the chain is shorter than the head that was kept elsewhere.
    public func finish() throws(AuditBreak) {
        if let expected, expected.number > head.number { throw .cutOff(head: expected.number) }
    }
}
