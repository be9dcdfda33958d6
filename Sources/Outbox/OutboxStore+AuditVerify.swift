public import AuditTrail
import FoundationEssentials
import LogoutModel
import PostgresClient

/// What a walk along an issuer's chain of seals has found.
public struct AuditVerdict: Sendable {
    /// The last sound seal: to be kept elsewhere.
    public let head: AuditHead
    /// Sealed events that are as they were.
    public let intact: Int
    /// Sealed events that retention has dropped.
    public let notKept: Int
    /// Events behind the last seal; counted up to ``OutboxStore/maximumCountedUnsealed``.
    public let unsealed: Int
    /// The first thing that is wrong; `nil`: nothing is.
    public let broken: AuditBreak?
    /// Seals that retention has dropped: the chain begins behind them.
    public let droppedSeals: Int64
}

extension OutboxStore {
    /// Events behind the last seal are counted so far.
    public static let maximumCountedUnsealed = 100_000

    /// The issuers that have seals, with their names: none for the installation itself and for deleted issuers.
    public func auditChains() async throws -> [(issuer: Int32, name: String?)] {
        try await perform { connection in
            try connection.query(.auditChains).map { (try $0.int4(0), try $0.optionalText(1)) }
        }
    }

    /// Walks an issuer's chain from its beginning, and computes every hash anew from the events themselves.
    ///
    /// Reads one seal at a time; events and seals that are added meanwhile do not disturb it.
    /// - Parameters:
    ///   - issuer: the issuer's row; 0 is the installation.
    ///   - expected: a head that was kept elsewhere.
    ///   - progress: told the number of each seal.
    /// - Returns: what was found, up to the first break.
    /// - Throws: ``PostgresError``.
    public func verifyAudit(
        of issuer: Int32,
        expecting expected: AuditHead? = nil,
        progress: (Int64) -> Void = { _ in }
    ) async throws -> AuditVerdict {
        var chain = AuditChain(ofIssuer: issuer, expecting: expected)
        var broken: AuditBreak?
        do {
            while let page = try await sealPage(of: issuer, behind: chain) {
                if let dropped = page.dropped { chain.skip(to: dropped) }
                try chain.advance(over: page.seal, found: page.found, keptFrom: page.keptFrom)
                progress(chain.head.number)
            }
            try chain.finish()
        } catch let found as AuditBreak {
            broken = found
        }
        let end = chain.end
        let unsealed = try await perform(within: .seconds(10)) { connection in
            try connection.query(
                .auditUnsealedCount,
                .int4(issuer),
                .int8(end.transaction),
                .uuid(end.id),
                .int4(Int32(Self.maximumCountedUnsealed))
            ).first?.int8(0) ?? 0
        }
        return AuditVerdict(
            head: chain.head,
            intact: chain.intact,
            notKept: chain.notKept,
            unsealed: Int(unsealed),
            broken: broken,
            droppedSeals: chain.droppedSeals
        )
    }

    private func sealPage(of issuer: Int32, behind chain: AuditChain) async throws -> SealPage? {
        let number = chain.head.number
        let begin = chain.end
        // One snapshot: what retention drops meanwhile is there for all of this page, or for none of it.
        let options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)
        return try await perform(within: .seconds(10)) { connection in
            try connection.transaction(options) { connection in
                guard let row = try connection.query(.auditSealNext, .int4(issuer), .int8(number)).first
                else {
                    return nil
                }
                var columns = ColumnReader(row)
                let seal = try columns.auditSeal()
                let keptFrom = try columns.optionalUUID()
                let droppedNumber = try columns.optionalInt8()
                let droppedHash = try columns.optionalBytes()
                let found = try connection.query(
                    .auditBetween,
                    .int4(issuer),
                    .int8(begin.transaction),
                    .uuid(begin.id),
                    .int8(seal.last.transaction),
                    .uuid(seal.last.id),
                    // One more than belong there is enough to see that something does not.
                    .int4(Int32(clamping: seal.body.count / 48 + 1))
                ).map { row in
                    var columns = ColumnReader(row)
                    return try columns.auditRecord()
                }
                return SealPage(
                    seal: seal,
                    found: found,
                    keptFrom: keptFrom,
                    dropped: droppedHash.map { AuditHead(number: droppedNumber ?? 0, hash: $0) }
                )
            }
        }
    }
}

/// A seal and what stands where its entries should.
private struct SealPage: Sendable {
    let seal: AuditSeal
    let found: [AuditRecord]
    let keptFrom: UUID?
    let dropped: AuditHead?
}

extension ColumnReader {
    fileprivate mutating func auditSeal() throws -> AuditSeal {
        let number = try int8()
        let sealedAt = try time()
        let count = try int()
        skip(2)
        let last = AuditPosition(transaction: try int8(), id: try uuid())
        return AuditSeal(
            number: number,
            sealedAt: sealedAt,
            entryCount: count,
            last: last,
            body: try bytes(),
            previousHash: try bytes(),
            hash: try bytes()
        )
    }
}
