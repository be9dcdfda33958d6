import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Reading", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ReadingTests {
    @Test("an open delivery stands where its lease, its client and its attempts put it")
    func openStatuses() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let id = try await bench.accept(1, for: "rp").event.id.delivery(1)
        func stands() async throws -> String {
            let found = try #require(try await bench.store.delivery(id, of: bench.issuer)).delivery
            let event = try #require(try await bench.store.event(id.event, of: bench.issuer)).event
            #expect(event.deliveryCounts.map(\.status) == [found.status])
            return
                "\(found.status) \(found.reason ?? "-") \(found.nextAttemptAt == nil ? "-" : "next") \(found.attemptCount)"
        }
        #expect(try await stands() == "pending - next 0")
        let first = try #require(try await bench.claim(lane).first)
        #expect(try await stands() == "delivering - - 1")
        try bench.run("update lastcall.clients set held_at = now()")
        #expect(try await stands() == "delivering - - 1")
        try await bench.settle(first, .retry(after: .zero, isExcused: false), .tlsFailure)
        #expect(try await stands() == "held - - 1")
        try bench.run("update lastcall.clients set held_at = null")
        #expect(try await stands() == "retrying tls_failure next 1")
        _ = try await bench.claim(lane)
        try bench.expireLeases()
        #expect(try await stands() == "retrying unknown next 2")
        let third = try #require(try await bench.claim(lane).first)
        try await bench.settle(third, .ended(.rejected, .rejectedAfterUnknown), .rejected, status: 400)
        let ended = try #require(try await bench.store.delivery(id, of: bench.issuer))
        #expect(ended.delivery.status == "failed")
        #expect(ended.delivery.reason == "rejected")
        #expect(ended.delivery.flags == ["rejected_after_unknown"])
        #expect(ended.attempts.map(\.outcome) == ["tls_failure", "unknown", "rejected"])
    }

    @Test("pages of deliveries join without a gap, open and ended ones in one order")
    func pages() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let events = [
            try await bench.accept(7, for: "rp").event.id, try await bench.accept(6, for: "rp").event.id,
        ]
        for claimed in try await bench.claim(lane, quota: 13) where claimed.lease.delivery.ordinal % 2 == 0 {
            try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        }
        let expected = (events.flatMap { id in (1...7).map(id.delivery) }.dropLast()).sorted {
            $0.uuid > $1.uuid
        }
        var filter = DeliveryFilter()
        for (event, expected) in [(nil, expected), (events[0], expected.filter { $0.event == events[0] })] {
            filter.event = event
            var found: [DeliveryID] = []
            var window = IDWindow(limit: 4)
            while true {
                let page = try await bench.store.deliveries(filter, in: window, of: bench.issuer).map(\.id)
                found += page
                guard let last = page.last else { break }
                window.cursor = last.uuid
            }
            #expect(found == expected)
        }
    }

    @Test("an event and a window that do not overlap have no deliveries in common")
    func eventOutsideWindow() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let id = try await bench.accept(2, for: "rp").event.id
        var filter = DeliveryFilter()
        filter.event = id
        func count(from: Timestamp? = nil, before: Timestamp? = nil) async throws -> Int {
            var window = IDWindow(limit: 10)
            (window.from, window.before) = (from, before)
            return try await bench.store.deliveries(filter, in: window, of: bench.issuer).count
        }
        let next = id.createdAt.advanced(by: .milliseconds(1))
        #expect(try await count() == 2)
        #expect(try await count(from: id.createdAt) == 2)
        #expect(try await count(from: next) == 0)
        #expect(try await count(before: next) == 2)
        #expect(try await count(before: id.createdAt) == 0)
    }

    @Test("events are found by their deliveries, open or ended, and by their status")
    func events() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let open = try await bench.accept([.sub("rp", "u"), .sid("unknown", "s")]).event.id
        let ended = try await bench.accept([.sub("unknown", "u")]).event.id
        func found(_ change: (inout EventFilter) -> Void) async throws -> [LogoutEventID] {
            var filter = EventFilter()
            change(&filter)
            return try await bench.store.events(filter, in: IDWindow(limit: 10), of: bench.issuer).map(\.id)
        }
        #expect(try await found { _ in } == [ended, open])
        #expect(try await found { $0.clientID = "rp" } == [open])
        #expect(try await found { $0.clientID = "unknown" } == [ended, open])
        #expect(try await found { $0.sub = "u" } == [ended, open])
        #expect(try await found { $0.sid = "s" } == [open])
        #expect(try await found { $0.statuses = ["failed", "partial"] } == [ended])
        #expect(try await found { $0.initiator = .rpLogout }.isEmpty)
        // Both must hold of one delivery.
        #expect(try await found { ($0.clientID, $0.sub) = ("unknown", "u") } == [ended])
    }

    @Test("events are found by what their scope names, alone and together, newest first and page by page")
    func scopes() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let filters = [
            ["session_id": "s1", "user_id": "u"], ["session_id": "s1"], ["user_id": "u"],
            ["user_agent_id": "a", "sub": "u"],
        ]
        var ids: [LogoutEventID] = []
        for filter in filters {
            try bench.record("s1 rp u - u a")
            let answer = try await bench.accept(bench.request(where: filter))
            ids.append(try #require(answer.accepted).event.id)
        }
        ids.append(try await bench.accept([.sub("rp", "u")]).event.id)
        func found(limit: Int = 10, cursor: UUID? = nil, _ change: (inout EventFilter) -> Void) async throws
            -> [Int?]
        {
            var filter = EventFilter()
            change(&filter)
            var window = IDWindow(limit: limit)
            window.cursor = cursor
            return try await bench.store.events(filter, in: window, of: bench.issuer).map {
                ids.firstIndex(of: $0.id)
            }
        }
        #expect(try await found { $0.sessionID = "s1" } == [1, 0])
        #expect(try await found { $0.userID = "u" } == [2, 0])
        #expect(try await found { $0.userAgentID = "a" } == [3])
        #expect(try await found { ($0.sessionID, $0.userID) = ("s1", "u") } == [0])
        #expect(try await found { ($0.sub, $0.userAgentID) = ("u", "a") } == [3])
        #expect(try await found { ($0.sub, $0.sid) = ("u", "s") }.isEmpty)
        #expect(try await found { $0.sub = "u" } == [4, 3, 2, 1, 0])
        #expect(try await found(limit: 2) { $0.sub = "u" } == [4, 3])
        #expect(try await found(limit: 2, cursor: ids[3].uuid) { $0.sub = "u" } == [2, 1])
        #expect(try await found(limit: 2, cursor: ids[1].uuid) { $0.sessionID = "s1" } == [0])
        #expect(try await found { ($0.userID, $0.initiator) = ("u", .rpLogout) }.isEmpty)
        #expect(try await found { ($0.userID, $0.statuses) = ("u", ["in_progress"]) } == [2, 0])
        #expect(try await found { ($0.userID, $0.clientID) = ("u", "other") }.isEmpty)
        let other = try await Workbench.putIssuer("other", in: bench.store)
        var filter = EventFilter()
        filter.sessionID = "s1"
        #expect(try await bench.store.events(filter, in: IDWindow(limit: 10), of: other).isEmpty)
    }
}
