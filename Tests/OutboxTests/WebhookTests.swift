import AuditTrail
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

extension Workbench {
    /// Gives the issuer a completion webhook, or takes it away.
    func putWebhook(_ url: String?, secret: [UInt8]? = [1, 2, 3], within seconds: Double = 3_600) async throws
    {
        let settings = Issuer.Settings(
            issuer: "https://acme.example",
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            retentionDays: 30,
            completionWebhookURL: url
        )
        let terms = WebhookTerms(sealedSecret: secret, deliverWithinSeconds: seconds)
        _ = try await store.putIssuer(named: "acme", settings, webhook: terms) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }
    }

    /// The lane of the issuer's webhook.
    func webhookLane() throws -> Int32 {
        Int32(
            try number(
                "select client_key from lastcall.clients where kind = 'completion_webhook' and deleted_at is null"
            )
        )
    }

    /// The queued webhooks, by the ends that they tell of.
    func queuedWebhooks() throws -> [String] {
        try texts(
            """
            select 16777216 - ('x' || right(delivery_id::text, 6))::bit(24)::int from lastcall.delivery_queue
            where lastcall.is_webhook(delivery_id) order by delivery_id desc
            """
        )
    }

    /// An event with one delivery, which ends.
    @discardableResult
    func endedEvent(_ lane: Int32, _ settlement: Settlement = .delivered([])) async throws -> (
        AcceptedEvent, SettledBatch
    ) {
        let event = try await accept(1, for: "rp")
        let claimed = try #require(try await claim(lane).first)
        let outcome: AttemptOutcome = settlement.status == .delivered ? .delivered : .rejected
        return (event, try await settle(claimed, settlement, outcome, status: 200))
    }
}

@Suite("Completion webhooks in the queue", .lastcallDatabase, .timeLimit(.minutes(30)))
struct WebhookTests {
    @Test(
        "the statement that ends an event queues its webhook and says in which lane, and a repetition queues none"
    )
    func settled() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let event = try await bench.accept(2, for: "rp").event
        let claimed = try await bench.claim(lane)
        try #require(claimed.count == 2)
        #expect(try await bench.settle(claimed[0], .delivered([]), .delivered).lanes.isEmpty)
        #expect(try bench.queuedWebhooks().isEmpty)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 1)
        let last = try await bench.settle(claimed[1], .delivered([]), .delivered)
        #expect(last.lanes == [try bench.webhookLane()] && last.endedEvents == [event.id])
        #expect(try await bench.settle(claimed[1], .delivered([]), .delivered).lanes.isEmpty)
        #expect(try bench.queuedWebhooks() == ["1"])
        #expect(
            try bench.number(
                """
                select count(*) from lastcall.delivery_queue where lastcall.is_webhook(delivery_id) and sub is null and sid is null
                    and deliver_before between now() + interval '3590 s' and now() + interval '3601 s'
                """
            ) == 1
        )
    }

    @Test("an end that does not commit leaves no webhook, and one that commits leaves one")
    func together() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try bench.refuseAudit()
        await #expect(throws: PostgresError.self) {
            try await bench.settle(claimed, .delivered([]), .delivered)
        }
        #expect(try bench.queuedWebhooks().isEmpty)
        #expect(try bench.texts("select status from lastcall.logout_events") == ["in_progress"])
        try bench.refuseAudit(false)
        try await bench.settle(claimed, .delivered([]), .delivered)
        #expect(try bench.queuedWebhooks() == ["1"])
        #expect(try bench.texts("select status from lastcall.logout_events") == ["completed"])
    }

    @Test("events of an issuer without a webhook, or whose webhook is gone, queue none")
    func without() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let (event, batch) = try await bench.endedEvent(lane)
        #expect(batch.lanes.isEmpty)
        #expect(
            try #require(try await bench.store.event(event.event.id, of: bench.issuer)).event
                .completionWebhook == nil
        )
        try await bench.putWebhook("https://hook.example/")
        try await bench.putWebhook(nil)
        #expect(try await bench.endedEvent(lane).1.lanes.isEmpty)
        #expect(try bench.queuedWebhooks().isEmpty)
    }

    @Test("an event that ends as it is accepted has its webhook too")
    func noTargets() async throws {
        let bench = try await Workbench()
        try await bench.putWebhook("https://hook.example/")
        let event = try await bench.accept([]).event
        #expect(event.status == .noTargets)
        #expect(try bench.queuedWebhooks() == ["1"])
        let found = try #require(try await bench.store.event(event.id, of: bench.issuer)).event
        #expect(found.completionWebhook == .init(status: "pending", attempts: 0))
    }

    @Test("each further end has a webhook of its own, and the event shows that of the latest")
    func secondEnd() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let event = try await bench.endedEvent(lane).0.event
        let hook = try bench.webhookLane()
        try await bench.settle(try #require(try await bench.claim(hook).first), .delivered([]), .delivered)
        func state() async throws -> LogoutEvent.WebhookState? {
            try #require(try await bench.store.event(event.id, of: bench.issuer)).event.completionWebhook
        }
        #expect(try await state() == .init(status: "delivered", attempts: 1))
        _ = try await bench.redeliver(event.id.delivery(1), force: true)
        #expect(try await state() == .init(status: "delivered", attempts: 1))
        try await bench.settle(
            try #require(try await bench.claim(lane).first),
            .ended(.rejected, []),
            .rejected
        )
        #expect(try bench.queuedWebhooks() == ["2"])
        #expect(try await state() == .init(status: "pending", attempts: 0))
        let second = try #require(try await bench.claim(hook).first)
        #expect(second.lease.delivery == DeliveryID.webhook(of: event.id, endCount: 2))
        #expect(try await state() == .init(status: "delivering", attempts: 1))
        try await bench.settle(second, .retry(after: .seconds(60), isExcused: false), .serverError)
        #expect(try await state() == .init(status: "retrying", attempts: 1))
    }

    @Test("an end that a redelivery or a cancel makes by itself is told too")
    func otherEnds() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let hook = try bench.webhookLane()
        let event = try await bench.endedEvent(lane, .ended(.rejected, [])).0.event
        try await bench.settle(try #require(try await bench.claim(hook).first), .delivered([]), .delivered)
        try await bench.deleteClient("rp")
        _ = try await bench.redeliver(event.id.delivery(1))
        #expect(try bench.queuedWebhooks() == ["2"])
        try await bench.settle(try #require(try await bench.claim(hook).first), .delivered([]), .delivered)
        try await bench.putClient("other")
        let cancelled = try await bench.accept(3, for: "other").event
        try await bench.store.cancelEvent(cancelled.id, of: bench.issuer, actor: "somebody")
        #expect(try bench.queuedWebhooks() == ["1"])
        let found = try #require(try await bench.store.event(cancelled.id, of: bench.issuer)).event
        #expect(found.status == .cancelled && found.completionWebhook?.status == "pending")
    }

    @Test("a webhook's own end changes no event and writes nothing but its failure into the audit trail")
    func ends() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let hook = try bench.webhookLane()
        let all = "select row(e.*)::text from lastcall.logout_events e"
        for (settlement, outcome) in [
            (Settlement.delivered([]), AttemptOutcome.delivered), (.ended(.rejected, []), .rejected),
            (.retry(after: .zero, isExcused: false), .serverError),
        ] {
            let event = try await bench.endedEvent(lane).0.event
            let before = try (bench.texts(all), bench.audit())
            let claimed = try #require(try await bench.claim(hook).first)
            try await bench.settle(claimed, settlement, outcome, status: 500)
            #expect(try bench.texts(all) == before.0)
            let new = try bench.audit().dropFirst(before.1.count)
            #expect(Array(new) == (outcome == .rejected ? ["webhook.failed error"] : []))
            #expect(
                try bench.number(
                    "select count(*) from lastcall.attempts where delivery_id = '\(claimed.lease.delivery.text)'"
                ) == 1
            )
            guard outcome == .rejected else { continue }
            var filter = AuditFilter()
            filter.limit(to: event.id)
            filter.types = ["webhook.failed"]
            let found = try await bench.store.auditEvents(filter, in: IDWindow(limit: 10), of: bench.issuer)
            let failed = try #require(found.first)
            #expect(failed.eventID == event.id && failed.deliveryID == nil && failed.clientID == nil)
            let data = try #require(failed.data)
            for part in [#""reason": "rejected""#, #""attempts": 1"#, claimed.lease.delivery.text] {
                #expect(data.contains(part), "\(data)")
            }
        }
    }

    @Test("a webhook whose worker was lost is claimed again, and leaves no try in the audit trail")
    func lostWorker() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        try await bench.endedEvent(lane)
        let hook = try bench.webhookLane()
        _ = try await bench.claim(hook)
        try bench.expireLeases()
        let before = try bench.audit()
        let again = try #require(try await bench.claim(hook).first)
        #expect(again.attempt == 2)
        #expect(
            try bench.texts(
                "select outcome from lastcall.attempts where worker_key is not null order by number"
            ).contains("unknown")
        )
        #expect(try bench.audit() == before)
    }

    @Test("a webhook past its deadline ends as expired, one whose webhook was removed as failed")
    func overdue() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let first = try await bench.endedEvent(lane).0.event
        try bench.run("update lastcall.delivery_queue set deliver_before = now() - interval '1 s'")
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        func status(_ event: LogoutEvent) async throws -> String? {
            try #require(try await bench.store.event(event.id, of: bench.issuer)).event.completionWebhook?
                .status
        }
        #expect(try await status(first) == "expired")
        let waiting = try await bench.endedEvent(lane).0.event
        let flying = try await bench.endedEvent(lane).0.event
        let claimed = try await bench.claim(try bench.webhookLane())
        let inFlight = try #require(claimed.first { $0.lease.delivery.event == flying.id })
        try await bench.store.release(
            claimed.map(\.lease).filter { $0.delivery.event == waiting.id },
            worker: bench.worker
        )
        try await bench.putWebhook(nil)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(try await status(waiting) == "failed")
        // It was on its way, and it arrived.
        try await bench.settle(inFlight, .delivered([]), .delivered, status: 200)
        #expect(try await status(flying) == "delivered")
        #expect(try bench.audit().filter { $0 == "webhook.failed error" }.count == 2)
    }

    @Test("webhooks show in no list, no count and no look-up of deliveries, and keep no issuer in use")
    func hidden() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putWebhook("https://hook.example/")
        let open = try await bench.endedEvent(lane).0.event
        let hook = try bench.webhookLane()
        let done = try await bench.endedEvent(lane).0.event
        let claimed = try #require(try await bench.claim(hook).first { $0.lease.delivery.event == done.id })
        try await bench.settle(claimed, .ended(.rejected, []), .rejected)
        for event in [open, done] {
            let found = try #require(try await bench.store.event(event.id, of: bench.issuer))
            #expect(found.event.deliveryCounts.map { "\($0.status) \($0.count)" } == ["delivered 1"])
            #expect(found.deliveries.map(\.id) == [event.id.delivery(1)])
            let id = DeliveryID.webhook(of: event.id, endCount: 1)
            #expect(try await bench.store.delivery(id, of: bench.issuer) == nil)
            await #expect(throws: OutboxError.notFound) { try await bench.redeliver(id, force: true) }
            var filter = DeliveryFilter()
            filter.event = event.id
            let own = try await bench.store.deliveries(filter, in: IDWindow(limit: 10), of: bench.issuer)
            #expect(own.map(\.id) == [event.id.delivery(1)])
        }
        let all = try await bench.store.deliveries(
            DeliveryFilter(),
            in: IDWindow(limit: 10),
            of: bench.issuer
        )
        #expect(all.count == 2 && all.allSatisfy { $0.clientID == "rp" })
        var filter = EventFilter()
        filter.clientID = "completion-webhook"
        #expect(try await bench.store.events(filter, in: IDWindow(limit: 10), of: bench.issuer).isEmpty)
        #expect(
            try await bench.store.clients(of: bench.issuer, after: nil, limit: 10).map(\.clientID) == ["rp"]
        )
        try await Workbench.putIssuer("acme", in: bench.store)
        try await bench.store.deleteIssuer(
            named: "acme",
            force: false,
            note: AuditNote(.issuerChanged, actor: "test")
        )
        #expect(try bench.queuedWebhooks().isEmpty)
    }

    @Test("a webhook at another URL needs a secret, one at the same keeps the stored one")
    func secrets() async throws {
        let bench = try await Workbench()
        let stored =
            "select encode(sealed_secret, 'hex') from lastcall.clients where deleted_at is null and kind = 'completion_webhook'"
        await #expect(throws: OutboxError.webhookSecretMissing) {
            try await bench.putWebhook("https://a.example/", secret: nil)
        }
        #expect(try bench.texts(stored).isEmpty)
        try await bench.putWebhook("https://a.example/", secret: [1])
        try await bench.putWebhook("https://a.example/", secret: nil)
        #expect(try bench.texts(stored) == ["01"])
        await #expect(throws: OutboxError.webhookSecretMissing) {
            try await bench.putWebhook("https://b.example/", secret: nil)
        }
        #expect(
            try await bench.store.issuer(named: "acme")?.settings.completionWebhookURL == "https://a.example/"
        )
        try await bench.putWebhook("https://b.example/", secret: [2])
        #expect(try bench.texts(stored) == ["02"])
        try await bench.putWebhook(nil)
        await #expect(throws: OutboxError.webhookSecretMissing) {
            try await bench.putWebhook("https://b.example/", secret: nil)
        }
        #expect(try bench.texts(stored).isEmpty)
    }
}
