import AuditTrail
import FoundationEssentials
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Audit feed", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AuditFeedTests {
    /// Runs a feed for as long as the body takes.
    static func run(_ body: (Workbench, AuditFeed) async throws -> Void) async throws {
        let bench = try await Workbench()
        try await bench.awaitSettled()
        let feed = AuditFeed(
            store: bench.store,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await feed.run() }
            defer { group.cancelAll() }
            try await body(bench, feed)
        }
    }

    /// Reads until so many events have come; `nil` where the feed says to read on, or ends.
    static func read(_ count: Int, from subscription: AuditSubscription) async -> [UUID]? {
        var ids: [UUID] = []
        while ids.count < count {
            switch await subscription.next() {
            case .entries(let entries): ids += entries.map(\.record.id)
            case .tick: continue
            case .behind, .ended: return nil
            }
        }
        return ids
    }

    @Test("an early id that commits late holds the pages back, and none is passed over")
    func pages() async throws {
        let bench = try await Workbench()
        try await bench.awaitSettled()
        let before = try await bench.settled().map(\.record.id)
        let late = try Workbench.connect()
        try late.execute(script: "begin")
        try bench.addAudit(1, on: late)
        try bench.addAudit(20)
        let page = try await bench.store.settledAudit(after: .beginning, of: bench.issuer, limit: 100)
        #expect(page.entries.map(\.record.id) == before && !page.isFull)
        try late.execute(script: "commit")
        try await bench.awaitSettled()
        let all = try await bench.settled()
        #expect(all.count == before.count + 21)
        #expect(all.map(\.record.id.lowercased) == (try bench.auditIDs()))
        #expect(try await bench.settled(after: page.end).count == 21)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.position < $1.position })
    }

    @Test("everybody who listens gets what is theirs, each once, in its order")
    func fanOut() async throws {
        try await Self.run { bench, feed in
            let other = try await Workbench.putIssuer("other", in: bench.store)
            try await bench.awaitSettled()
            let now = try await bench.store.auditHorizon()
            var held = AuditFilter()
            held.types = ["client.held"]
            let subscriptions = [
                feed.subscribe(to: bench.issuer, AuditFilter(), having: now),
                feed.subscribe(to: bench.issuer, AuditFilter(), having: now),
                feed.subscribe(to: other, AuditFilter(), having: now),
                feed.subscribe(to: bench.issuer, held, having: now),
            ]
            try bench.addAudit(30)
            try bench.addAudit(5, issuer: other)
            try bench.run(
                "insert into lastcall.audit_events (issuer_key, type, severity, actor) values (\(bench.issuer), 'client.held', 'notice', 'x')"
            )
            let ids = try bench.auditIDs().suffix(31)
            for subscription in subscriptions[...1] {
                #expect(await Self.read(31, from: subscription)?.map(\.lowercased) == Array(ids))
            }
            #expect(await Self.read(5, from: subscriptions[2])?.count == 5)
            #expect(await Self.read(1, from: subscriptions[3])?.map(\.lowercased) == Array(ids.suffix(1)))
        }
    }

    @Test("who comes with less than the feed has handed out is told to read on")
    func behind() async throws {
        try await Self.run { bench, feed in
            let old = try await bench.store.auditHorizon()
            let first = feed.subscribe(to: bench.issuer, AuditFilter(), having: old)
            try bench.addAudit(1)
            #expect(await Self.read(1, from: first)?.count == 1)
            // The feed is beyond `old` now.
            let second = feed.subscribe(to: bench.issuer, AuditFilter(), having: old)
            guard case .behind = await second.next() else {
                Issue.record("not told to read on")
                return
            }
            let page = try await bench.store.settledAudit(after: old, of: bench.issuer, limit: 10)
            #expect(page.entries.count == 1)
        }
    }

    @Test("who comes with more than the feed has handed out is not told of it again")
    func ahead() async throws {
        let bench = try await Workbench()
        try await bench.awaitSettled()
        let feed = AuditFeed(
            store: bench.store,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let old = try await bench.store.auditHorizon()
        try bench.addAudit(3)
        try await bench.awaitSettled()
        let page = try await bench.store.settledAudit(after: old, of: bench.issuer, limit: 10)
        // Both are there before the feed begins, so it begins with what the first one lacks.
        let first = feed.subscribe(to: bench.issuer, AuditFilter(), having: old)
        let second = feed.subscribe(to: bench.issuer, AuditFilter(), having: page.end)
        let running = Task { try await feed.run() }
        #expect(await Self.read(3, from: first) == page.entries.map(\.record.id))
        try bench.addAudit(1)
        let new = try bench.auditIDs().suffix(1)
        #expect(await Self.read(1, from: second)?.map(\.lowercased) == Array(new))
        #expect(await Self.read(1, from: first)?.map(\.lowercased) == Array(new))
        running.cancel()
    }

    @Test("a reader that does not read is ended instead of being waited for, and the others go on")
    func slow() async throws {
        try await Self.run { bench, feed in
            let now = try await bench.store.auditHorizon()
            let lazy = feed.subscribe(to: bench.issuer, AuditFilter(), having: now)
            let eager = feed.subscribe(to: bench.issuer, AuditFilter(), having: now)
            let count = AuditSubscription.maximumWaiting + 1
            try bench.addAudit(count)
            #expect(await Self.read(count, from: eager)?.count == count)
            guard case .ended(.slow) = await lazy.next() else {
                Issue.record("not ended")
                return
            }
            try await eventually("the feed to forget it") { feed.listeners == 1 }
        }
    }

    @Test("a reader whose task is cancelled leaves, and one that waits is woken by the end of the feed")
    func leaving() async throws {
        let bench = try await Workbench()
        try await bench.awaitSettled()
        let feed = AuditFeed(
            store: bench.store,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task { try await feed.run() }
        let now = try await bench.store.auditHorizon()
        let leaving = feed.subscribe(to: bench.issuer, AuditFilter(), having: now)
        let reading = Task { await Self.read(1, from: leaving) }
        try await eventually("a listener") { feed.listeners == 1 }
        reading.cancel()
        #expect(await reading.value == nil)
        try await eventually("nobody") { feed.listeners == 0 }
        let staying = feed.subscribe(to: bench.issuer, AuditFilter(), having: now)
        let waiting = Task { await Self.read(1, from: staying) }
        running.cancel()
        #expect(await waiting.value == nil)
        guard case .ended(.stopping) = await feed.subscribe(to: 0, AuditFilter(), having: now).next() else {
            Issue.record("let in after the end")
            return
        }
    }
}
