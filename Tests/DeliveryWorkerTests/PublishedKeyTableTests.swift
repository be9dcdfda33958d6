import DeliveryWorker
import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("What is known of published keys")
struct PublishedKeyTableTests {
    typealias Table = PublishedKeyTable<Int>
    typealias Time = ContinuousClock.Instant

    let start = ContinuousClock.now
    let encryption: TokenEncryption
    var table = Table(fetchLimit: 4, staleFor: .seconds(1_000))

    init() throws {
        let set = try EncryptionKeySet(JSON.parse(Array(ClientKeyPair(.p256).jwks().utf8)))
        encryption = try TokenEncryption(alg: .ecdhES, enc: .a128GCM, key: set.key(for: .ecdhES), issuer: "i")
    }

    private static func source(_ number: Int32 = 1) -> KeySetSource {
        KeySetSource(client: number, uri: "https://rp.test/jwks", alg: .ecdhES, enc: .a128GCM, issuer: "i")
    }

    private func at(_ seconds: Double) -> Time { start + .seconds(seconds) }

    /// In a word: what a reply is.
    private func word(_ reply: Table.Reply) -> String {
        switch reply {
        case .known: "known"
        case .failed: "failed"
        case .waits(let fetch): fetch ? "fetch" : "wait"
        }
    }

    private mutating func ask(_ seconds: Double, _ number: Int32 = 1, waiter: Int = 0) -> String {
        word(table.ask(Self.source(number), at: at(seconds), waiter: waiter))
    }

    private mutating func learn(_ seconds: Double, life: Duration? = nil, _ number: Int32 = 1) -> [Int] {
        table.fetched(Self.source(number), .key(encryption, life: life), at: at(seconds)).told.map(\.waiter)
    }

    private mutating func fail(
        _ seconds: Double,
        _ number: Int32 = 1,
        _ problem: ClientKeyProblem = .unavailable("x")
    )
        -> [Bool]
    {
        table.fetched(Self.source(number), .failure(problem), at: at(seconds)).told
            .map { (try? $0.result.get()) != nil }
    }

    @Test("everybody who asks while a set is fetched waits for that one fetch")
    mutating func singleFlight() {
        #expect(ask(0, waiter: 1) == "fetch")
        #expect(ask(0, waiter: 2) == "wait")
        #expect(ask(1, waiter: 3) == "wait")
        #expect(learn(2) == [1, 2, 3])
        #expect(ask(3) == "known")
    }

    @Test(
        "a set is good as long as it says, within bounds, and five minutes where it says nothing",
        arguments: [
            (nil, 300), (0, 60), (59, 60), (61, 61), (3_600, 3_600), (86_400, 86_400), (86_401, 86_400),
        ]
            as [(Int?, Double)]
    )
    func life(said: Int?, lasts: Double) {
        var suite = self
        #expect(suite.ask(0) == "fetch")
        _ = suite.learn(0, life: said.map { .seconds($0) })
        #expect(suite.table.fresh(Self.source(), at: at(lasts - 0.1)) != nil)
        #expect(suite.table.fresh(Self.source(), at: at(lasts)) == nil)
        #expect(suite.ask(lasts - 0.1) == "known")
        #expect(suite.ask(lasts) == "fetch")
    }

    @Test("after a failure nothing is fetched for a while, which grows with each further one to a minute")
    mutating func pauses() {
        var now = 0.0
        for pause in [5.0, 10, 20, 40, 60, 60] {
            #expect(ask(now) == "fetch")
            #expect(fail(now) == [false])
            #expect(ask(now + pause - 0.1) == "failed")
            now += pause
        }
        #expect(ask(now) == "fetch")
        _ = learn(now)
        #expect(ask(now + 300) == "fetch")
        _ = fail(now + 300)
        #expect(ask(now + 300 + 4.9) == "known" && ask(now + 300 + 5) == "fetch")
    }

    @Test("the last good key serves while none comes, up to its time")
    mutating func stale() {
        #expect(ask(0) == "fetch")
        _ = learn(0)
        #expect(ask(300) == "fetch" && fail(300) == [true])
        #expect(ask(301) == "known")
        #expect(ask(990) == "fetch" && fail(999.9) == [true])
        #expect(ask(1_000) == "failed")
        #expect(ask(1_010) == "fetch" && fail(1_010) == [false])
    }

    @Test("a key that its owner has withdrawn serves no longer")
    mutating func withdrawn() {
        #expect(ask(0) == "fetch")
        _ = learn(0)
        #expect(ask(300) == "fetch" && fail(300, 1, .unusable(.noKey(.ecdhES))) == [false])
        #expect(ask(301) == "failed")
    }

    @Test("a refused token has the keys fetched before their time, at most once a minute")
    mutating func doubted() {
        #expect(ask(0) == "fetch")
        _ = learn(0, life: .seconds(86_400))
        table.doubt(Self.source(), at: at(59.9))
        #expect(ask(59.9) == "known")
        table.doubt(Self.source(), at: at(60))
        #expect(ask(60) == "fetch")
        _ = learn(60, life: .seconds(86_400))
        for second in 61...119 { table.doubt(Self.source(), at: at(Double(second))) }
        #expect(ask(119) == "known")
        table.doubt(Self.source(), at: at(120))
        #expect(ask(120) == "fetch")
        // While it fails the key still serves, and doubting it changes nothing.
        #expect(fail(120) == [true])
        table.doubt(Self.source(), at: at(121))
        #expect(ask(121) == "known")
    }

    @Test("only so many are fetched at once; who waits too long for a turn is told so")
    mutating func turns() {
        for number in 1...4 { #expect(ask(0, Int32(number), waiter: number) == "fetch") }
        #expect(ask(0, 5, waiter: 5) == "wait")
        #expect(ask(2, 6, waiter: 6) == "wait")
        let (told, next) = table.fetched(Self.source(1), .key(encryption, life: nil), at: at(3.5))
        #expect(told.map(\.waiter) == [1, 5])
        #expect((try? told[1].result.get()) == nil)
        #expect(next == [Self.source(6)])
        #expect(learn(4, 6) == [6])
    }

    @Test("sources that failed the last time leave half of the places to others")
    mutating func suspects() {
        for number in 1...4 {
            #expect(ask(0, Int32(number)) == "fetch")
            _ = fail(0, Int32(number))
        }
        #expect(ask(10, 1) == "fetch" && ask(10, 2) == "fetch")
        #expect(ask(10, 3) == "wait" && ask(10, 4) == "wait")
        #expect(ask(10, 5) == "fetch" && ask(10, 6) == "fetch" && ask(10, 7) == "wait")
        // A place of the others goes to the others.
        #expect(
            table.fetched(Self.source(5), .key(encryption, life: nil), at: at(11)).next == [Self.source(7)]
        )
        #expect(
            table.fetched(Self.source(1), .failure(.unavailable("x")), at: at(11)).next == [Self.source(3)]
        )
        #expect(table.fetched(Self.source(6), .key(encryption, life: nil), at: at(11)).next == [])
    }

    @Test("a stopped fetch is no failure")
    mutating func cancelled() {
        #expect(ask(0) == "fetch" && fail(0, 1, .cancelled) == [false])
        #expect(ask(0) == "fetch")
    }
}
