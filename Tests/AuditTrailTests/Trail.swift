import AuditTrail
import FoundationEssentials
import LogoutModel

/// A trail made by hand: events, and the chain over them as a worker would make it.
struct Trail {
    static let issuer: Int32 = 7

    var seals: [AuditSeal] = []
    var records: [[AuditRecord]] = []

    /// A chain of seals, each over so many events; ids count up from 1.
    init(_ counts: [Int]) {
        var next: UInt8 = 1
        for count in counts {
            let found = (0..<count).map { Self.record(next + UInt8($0)) }
            next += UInt8(count)
            append(found)
        }
    }

    mutating func append(_ found: [AuditRecord]) {
        records.append(found)
        seals.append(
            Self.seal(
                number: Int64(seals.count + 1),
                over: found,
                behind: seals.last?.hash ?? AuditSeal.genesis(ofIssuer: Self.issuer)
            )
        )
    }

    static func id(_ number: UInt8) -> UUID {
        UUID(uuid: (1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, number))
    }

    static func record(_ number: UInt8, actor: String = "operator", data: String? = #"{"a": 1}"#)
        -> AuditRecord
    {
        AuditRecord(
            id: id(number),
            type: "client.changed",
            severity: "notice",
            subject: nil,
            sessionDurability: nil,
            clientID: "rp",
            actor: actor,
            data: data
        )
    }

    static func seal(number: Int64, over found: [AuditRecord], behind hash: [UInt8]) -> AuditSeal {
        func made(_ own: [UInt8]) -> AuditSeal {
            AuditSeal(
                number: number,
                sealedAt: Timestamp(microseconds: 0),
                entryCount: found.count,
                last: AuditPosition(
                    transaction: number,
                    id: found.last?.id ?? AuditPosition.beginning.id
                ),
                body: found.flatMap { bytes(of: $0.id) + $0.digest },
                previousHash: hash,
                hash: own
            )
        }
        return made(made([]).computedHash)
    }

    private static func bytes(of id: UUID) -> [UInt8] {
        let raw = id.uuid
        return [
            raw.0, raw.1, raw.2, raw.3, raw.4, raw.5, raw.6, raw.7, raw.8, raw.9, raw.10, raw.11, raw.12,
            raw.13, raw.14, raw.15,
        ]
    }

    /// Walks it to its end.
    func walk(
        expecting head: AuditHead? = nil,
        ofIssuer issuer: Int32 = issuer,
        keptFrom: UUID? = nil,
        droppedSeals: Int = 0
    ) throws(AuditBreak) -> AuditChain {
        var chain = AuditChain(ofIssuer: issuer, expecting: head)
        if droppedSeals > 0 {
            let dropped = seals[droppedSeals - 1]
            chain.skip(to: AuditHead(number: dropped.number, hash: dropped.hash))
        }
        for (seal, found) in zip(seals, records).dropFirst(droppedSeals) {
            try chain.advance(over: seal, found: found, keptFrom: keptFrom)
        }
        try chain.finish()
        return chain
    }
}
