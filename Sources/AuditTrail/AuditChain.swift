public import FoundationEssentials

/// Walks a chain of seals from its beginning and holds what is kept of the trail against it.
///
/// A pure value: the caller reads seal after seal, and for each the events that stand from the end of the seal before
/// it to its own. Retention drops old events and notes below which id; those count as no longer kept, and their seals
/// still hold. It drops those too once all of their events are gone, and notes the last one: there the chain begins.
public struct AuditChain: Sendable {
    /// The last seal that was sound.
    public private(set) var head: AuditHead
    /// Where it ends.
    public private(set) var end = AuditPosition.beginning
    /// Events that are as they were sealed.
    public private(set) var intact = 0
    /// Sealed events that retention has dropped.
    public private(set) var notKept = 0
    /// The number of the last seal that retention has dropped: the chain begins behind it. 0: none.
    public var droppedSeals: Int64 { beginning.number }
    private var beginning: AuditHead
    private let expected: AuditHead?
    private var hasMetExpected = false

    /// The beginning of an issuer's chain.
    ///
    /// - Parameters:
    ///   - issuer: the issuer's row; 0 is the installation.
    ///   - expected: a head that was kept elsewhere.
    public init(ofIssuer issuer: Int32, expecting expected: AuditHead? = nil) {
        beginning = AuditHead(number: 0, hash: AuditSeal.genesis(ofIssuer: issuer))
        head = beginning
        self.expected = expected
    }

    /// Goes on behind the last seal that retention has dropped, where the chain is not that far yet.
    public mutating func skip(to dropped: AuditHead) {
        guard dropped.number > head.number else { return }
        beginning = dropped
        head = dropped
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
    ///   - keptFrom: the id below which retention has taken events; `nil` where it has taken none.
    /// - Throws: the first break; the chain stays where it was.
    public mutating func advance(over seal: AuditSeal, found: [AuditRecord], keptFrom: UUID?)
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
                // Not all below that id is gone: what belongs to events that are not over stays.
                guard let keptFrom, entry.id < keptFrom else { throw .missing(entry.id, seal: seal.number) }
                dropped += 1
            }
        }
        head = AuditHead(number: seal.number, hash: seal.hash)
        if head == expected { hasMetExpected = true }
        end = seal.last
        intact += entries.count - dropped
        notKept += dropped
    }

    /// Says that there is no further seal.
    ///
    /// - Throws: where the chain ends before the head that was kept elsewhere, or begins behind it.
    public func finish() throws(AuditBreak) {
        // Every chain has begun with the number 0.
        guard let expected, expected.number > 0, !hasMetExpected else { return }
        if expected.number > head.number { throw .cutOff(head: expected.number) }
        guard expected.number == beginning.number else { throw .headNotKept(expected.number) }
        if expected != beginning { throw .otherHead(expected.number) }
    }
}
