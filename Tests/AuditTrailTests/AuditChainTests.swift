import AuditTrail
import LogoutModel
import Testing

@Suite("Audit chain")
struct AuditChainTests {
    let whole = Trail([2, 3, 1])

    @Test(
        "a trail that nobody touched is intact, and its head is the last seal's",
        arguments: [[], [1], [2, 3, 1]]
    )
    func intact(counts: [Int]) throws {
        let trail = Trail(counts)
        let chain = try trail.walk()
        #expect(chain.head.number == Int64(counts.count))
        #expect(chain.head.hash == trail.seals.last?.hash ?? AuditSeal.genesis(ofIssuer: Trail.issuer))
        #expect(chain.intact == counts.reduce(0, +) && chain.notKept == 0)
        #expect(try trail.walk(expecting: chain.head).head == chain.head)
    }

    @Test("an event that was changed is named")
    func changed() {
        var trail = whole
        trail.records[1][1] = Trail.record(4, actor: "nobody")
        #expect(throws: AuditBreak.changed(Trail.id(4), seal: 2)) { _ = try trail.walk() }
    }

    @Test(
        "an event that is gone is named, where retention has not noted that it took it",
        arguments: [(0, 0, 1), (0, 1, 2), (1, 0, 3), (2, 0, 6)]
    )
    func missing(seal: Int, place: Int, id: UInt8) {
        var trail = whole
        trail.records[seal].remove(at: place)
        for noted in [nil, Trail.id(1), Trail.id(id)] {
            #expect(throws: AuditBreak.missing(Trail.id(id), seal: Int64(seal + 1))) {
                _ = try trail.walk(keptFrom: noted)
            }
        }
    }

    @Test("an event that was slipped in is named, wherever it stands", arguments: [0, 1, 2, 3])
    func inserted(place: Int) {
        var trail = whole
        trail.records[1].insert(Trail.record(200), at: place)
        #expect(throws: AuditBreak.inserted(Trail.id(200), seal: 2)) { _ = try trail.walk() }
    }

    @Test("what retention has dropped is no longer kept, and no break", arguments: [0, 1, 2, 3, 5, 6])
    func dropped(count: UInt8) throws {
        var trail = whole
        trail.records = trail.records.map { $0.filter { $0.id > Trail.id(count) } }
        let chain = try trail.walk(keptFrom: Trail.id(count + 1))
        #expect(chain.notKept == Int(count) && chain.intact == 6 - Int(count))
    }

    @Test("what retention has left among what it took is still checked")
    func leftBehind() throws {
        var trail = whole
        trail.records[0].remove(at: 0)
        #expect(try trail.walk(keptFrom: Trail.id(6)).notKept == 1)
        trail.records[1][1] = Trail.record(4, actor: "nobody")
        #expect(throws: AuditBreak.changed(Trail.id(4), seal: 2)) {
            _ = try trail.walk(keptFrom: Trail.id(6))
        }
    }

    @Test("a chain begins behind the seals that retention has dropped", arguments: [1, 2])
    func droppedSeals(count: Int) throws {
        let kept = try whole.walk().head
        let chain = try whole.walk(expecting: kept, droppedSeals: count)
        #expect(chain.head == kept && chain.droppedSeals == Int64(count))
        let sound = AuditHead(number: 1, hash: whole.seals[0].hash)
        let wrong = AuditHead(number: 1, hash: whole.seals[1].hash)
        if count == 1 {
            #expect(try whole.walk(expecting: sound, droppedSeals: 1).head == kept)
            #expect(throws: AuditBreak.otherHead(1)) { _ = try whole.walk(expecting: wrong, droppedSeals: 1) }
        } else {
            #expect(throws: AuditBreak.headNotKept(1)) {
                _ = try whole.walk(expecting: sound, droppedSeals: 2)
            }
        }
        var trail = whole
        trail.seals[count] = Trail.seal(
            number: Int64(count + 1),
            over: trail.records[count],
            behind: AuditSeal.genesis(ofIssuer: Trail.issuer)
        )
        #expect(throws: AuditBreak.brokenSeal(Int64(count + 1))) {
            _ = try trail.walk(droppedSeals: count)
        }
    }

    @Test("a head that was met before retention dropped its seal stays met")
    func metBefore() throws {
        let kept = AuditHead(number: 1, hash: whole.seals[0].hash)
        var chain = AuditChain(ofIssuer: Trail.issuer, expecting: kept)
        try chain.advance(over: whole.seals[0], found: whole.records[0], keptFrom: nil)
        chain.skip(to: AuditHead(number: 2, hash: whole.seals[1].hash))
        try chain.advance(over: whole.seals[2], found: whole.records[2], keptFrom: nil)
        try chain.finish()
    }

    @Test("a seal that is gone is named", arguments: [0, 1])
    func missingSeal(place: Int) {
        var trail = whole
        trail.seals.remove(at: place)
        trail.records.remove(at: place)
        #expect(throws: AuditBreak.missingSeal(Int64(place + 1))) { _ = try trail.walk() }
    }

    @Test("a seal that is not what it was is named")
    func brokenSeal() {
        var trail = whole
        let old = trail.seals[1]
        func with(
            count: Int? = nil,
            last: AuditPosition? = nil,
            body: [UInt8]? = nil,
            previous: [UInt8]? = nil,
            hash: [UInt8]? = nil
        ) -> AuditSeal {
            AuditSeal(
                number: 2,
                sealedAt: old.sealedAt,
                entryCount: count ?? old.entryCount,
                last: last ?? old.last,
                body: body ?? old.body,
                previousHash: previous ?? old.previousHash,
                hash: hash ?? old.hash
            )
        }
        let bad = [
            with(count: 2), with(last: AuditPosition(transaction: 2, id: Trail.id(4))),
            with(last: AuditPosition(transaction: 0, id: Trail.id(5))), with(body: old.body.dropLast(48)),
            with(body: []), with(previous: old.hash), with(hash: old.previousHash),
            // Sound in itself, but behind another one.
            Trail.seal(number: 2, over: trail.records[1], behind: AuditSeal.genesis(ofIssuer: Trail.issuer)),
        ]
        for seal in bad {
            trail.seals[1] = seal
            #expect(throws: AuditBreak.brokenSeal(2)) { _ = try trail.walk() }
        }
    }

    @Test("a trail that was written anew as a whole is found out by a head that was kept")
    func rewritten() throws {
        let kept = try whole.walk().head
        var other = Trail([2, 3])
        other.append([Trail.record(6, actor: "nobody")])
        #expect(try other.walk().head.number == 3)
        #expect(throws: AuditBreak.otherHead(3)) { _ = try other.walk(expecting: kept) }
        other.append([Trail.record(7)])
        #expect(throws: AuditBreak.otherHead(3)) { _ = try other.walk(expecting: kept) }
    }

    @Test("a trail whose end was cut off is found out by a head that was kept")
    func cutOff() throws {
        let kept = try whole.walk().head
        #expect(throws: AuditBreak.cutOff(head: 3)) { _ = try Trail([2, 3]).walk(expecting: kept) }
        #expect(throws: AuditBreak.cutOff(head: 3)) { _ = try Trail([]).walk(expecting: kept) }
    }

    @Test("one issuer's chain never passes for another's")
    func otherIssuer() {
        #expect(throws: AuditBreak.brokenSeal(1)) { _ = try whole.walk(ofIssuer: Trail.issuer + 1) }
    }

    @Test("every break says where it is, in words and in a code of its own")
    func words() {
        let breaks: [AuditBreak] = [
            .changed(Trail.id(1), seal: 5), .missing(Trail.id(1), seal: 5), .inserted(Trail.id(1), seal: 5),
            .missingSeal(5), .brokenSeal(5), .cutOff(head: 5), .otherHead(5), .headNotKept(5),
        ]
        #expect(Set(breaks.map(\.code)).count == breaks.count)
        for (index, found) in breaks.enumerated() {
            #expect(found.seal == 5 && found.explanation.contains("seal 5"))
            #expect((found.entry == Trail.id(1)) == (index < 3))
            if let entry = found.entry { #expect(found.explanation.contains(entry.lowercased)) }
        }
    }

    @Test("the canonical form is the documented one")
    func canonicalForm() {
        let bare = AuditRecord(
            id: Trail.id(1),
            type: "t",
            severity: "s",
            subject: nil,
            sessionDurability: nil,
            clientID: nil,
            actor: "é",
            data: nil
        )
        let id = "01020304-0506-7708-890a-0b0c0d0e0f01"
        #expect(
            bare.canonicalForm
                == Array("\(id)\u{1F}t\u{1F}s\u{1F}\0\u{1F}\0\u{1F}\0\u{1F}é\u{1F}\0".utf8)
        )
        let full = AuditRecord(
            id: Trail.id(1),
            type: "t",
            severity: "s",
            subject: Trail.id(9),
            sessionDurability: "durable",
            clientID: "",
            actor: "a",
            data: "{}"
        )
        let subject = "01020304-0506-7708-890a-0b0c0d0e0f09"
        #expect(
            full.canonicalForm
                == Array("\(id)\u{1F}t\u{1F}s\u{1F}\(subject)\u{1F}durable\u{1F}\u{1F}a\u{1F}{}".utf8)
        )
    }

    @Test("places are ordered by transaction, then by id")
    func positions() {
        let places = [
            AuditPosition.beginning, AuditPosition(transaction: 0, id: Trail.id(9)), AuditPosition(before: 1),
            AuditPosition(transaction: 1, id: Trail.id(1)), AuditPosition(transaction: 1, id: Trail.id(2)),
            AuditPosition(before: 2),
        ]
        for (index, place) in places.enumerated() {
            for later in places[(index + 1)...] { #expect(place < later && !(later < place)) }
        }
    }
}
