import AuditTrail
import FoundationEssentials
import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Schema", .lastcallDatabase, .timeLimit(.minutes(30)))
struct SchemaTests {
    @Test("every statement fits the schema", arguments: SQLText.queries)
    func prepares(query: SQLText.File) throws {
        try Workbench.connect().execute(script: "prepare statement as \(query.text)")
    }

    @Test(
        "each list of words is the one of its Swift enum, in its order",
        arguments: [
            ("durability", SessionDurability.allCases.map(\.rawValue)),
            ("session_expiry", SessionExpiry.allCases.map(\.rawValue)),
            ("priority", Priority.allCases.map(\.rawValue)),
            ("event_status", LogoutEventStatus.allCases.map(\.rawValue)),
            ("delivery_status", DeliveryStatus.allCases.map(\.rawValue)),
            ("end_reason", EndReason.allCases.map(\.rawValue)),
            ("attempt_outcome", AttemptOutcome.allCases.map(\.rawValue)),
            ("initiator", Initiator.allCases.map(\.rawValue)),
            ("audit_type", AuditType.allCases.map(\.rawValue)),
        ]
    )
    func words(type: String, expected: [String]) async throws {
        let bench = try await Workbench()
        #expect(
            try bench.texts("select unnest(enum_range(null::lastcall.\(type)))").sorted() == expected.sorted()
        )
    }

    @Test("an end's reason has one status, in Swift and in Postgres")
    func statusOfReason() async throws {
        let bench = try await Workbench()
        for reason in EndReason.allCases {
            #expect(
                try bench.texts("select lastcall.status_of('\(reason.rawValue)')") == [reason.status.rawValue]
            )
        }
    }

    @Test("an audit event is as grave as what it says")
    func severities() async throws {
        let bench = try await Workbench()
        let errors: Set<AuditType> = [.failed, .expired, .webhookFailed]
        let warnings: Set<AuditType> = [.clientNotCovered, .breakerOpened]
        let notices: Set<AuditType> = [
            .cancelled, .redelivered, .clientChanged, .clientDeleted, .clientHeld, .clientReleased,
            .issuerChanged,
            .signingKeyActivated, .signingKeyRetired, .apiKeyCreated, .apiKeyRevoked,
        ]
        for type in AuditType.allCases {
            for durability in SessionDurability.allCases {
                let expected =
                    if type == .noSessionsForSubject {
                        durability == .durable ? "warning" : "notice"
                    } else {
                        errors.contains(type)
                            ? "error"
                            : warnings.contains(type) ? "warning" : notices.contains(type) ? "notice" : "info"
                    }
                let severity = "select lastcall.severity_of('\(type.rawValue)', '\(durability.rawValue)')"
                #expect(try bench.texts(severity) == [expected], "\(type.rawValue)")
            }
        }
    }

    @Test(
        "what an event comes to once all has ended",
        arguments: [
            // matched, excluded, not covered, delivered, cancelled
            (0, 0, 0, 0, 0, LogoutEventStatus.noTargets), (2, 0, 2, 0, 0, .noTargets),
            (2, 2, 0, 0, 0, .completed),
            (2, 1, 1, 0, 0, .completed), (3, 0, 0, 3, 0, .completed), (3, 1, 1, 1, 0, .completed),
            (3, 0, 0, 2, 0, .partial), (3, 0, 0, 1, 2, .partial), (3, 0, 0, 0, 3, .cancelled),
            (3, 1, 1, 0, 1, .cancelled), (3, 0, 0, 0, 2, .failed), (3, 0, 0, 0, 0, .failed),
            (3, 1, 1, 0, 0, .failed),
        ]
    )
    func eventEnd(
        matched: Int,
        excluded: Int,
        notCovered: Int,
        delivered: Int,
        cancelled: Int,
        status: LogoutEventStatus
    ) async throws {
        let bench = try await Workbench()
        let end =
            "select lastcall.event_end(\(matched), \(excluded), \(notCovered), \(delivered), \(cancelled))"
        #expect(try bench.texts(end) == [status.rawValue])
    }

    @Test("ids are version 7, carry their millisecond, and sort by the microsecond")
    func uuid7() async throws {
        let bench = try await Workbench()
        let start: Int64 = 1_900_000_000_123_456
        let rows = try bench.rows(
            "select lastcall.uuid7($1::timestamptz + n * interval '1 us') from generate_series(0, 2999) n order by n",
            .timestamp(start)
        )
        let ids = try rows.map { try $0.uuid(0) }
        #expect(ids.count == 3_000)
        for (index, id) in ids.enumerated() {
            #expect(id.uuid.6 >> 4 == 7)
            #expect(id.uuid.8 >> 6 == 0b10)
            #expect(id.timeOfVersion7.microseconds == (start + Int64(index)) / 1_000 * 1_000)
        }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("the instant of an id is read back to the microsecond")
    func uuid7Time() async throws {
        let bench = try await Workbench()
        let rows = try bench.rows(
            """
            select t, lastcall.uuid7_time(lastcall.uuid7(t)), lastcall.uuid7_time(lastcall.delivery_id(lastcall.uuid7(t), 7))
            from generate_series(0, 2999) n, lateral (select $1::timestamptz + n * interval '1 us' as t) x
            """,
            .timestamp(1_900_000_000_123_456)
        )
        #expect(rows.count == 3_000)
        for row in rows {
            let time = try row.timestamp(0)
            #expect(try row.timestamp(1) == time && row.timestamp(2) == time)
        }
    }

    @Test("an event's id ends in three zero bytes, and ids of one instant differ")
    func eventIDs() async throws {
        let bench = try await Workbench()
        let ids = try bench.rows("select lastcall.new_event_id() from generate_series(1, 1000)").map {
            try $0.uuid(0)
        }
        #expect(Set(ids).count == 1_000)
        #expect(ids.allSatisfy { LogoutEventID($0) != nil && $0.uuid.6 >> 4 == 7 && $0.uuid.8 >> 6 == 0b10 })
    }

    @Test(
        "a delivery's id is made and taken apart alike in Swift and in Postgres",
        arguments: [1, 255, 256, 65_536, 0xFE_FFFF]
    )
    func deliveryIDs(ordinal: Int) async throws {
        let bench = try await Workbench()
        let uuid = try #require(try bench.rows("select lastcall.new_event_id()").first?.uuid(0))
        let event = try #require(LogoutEventID(uuid))
        let row = try #require(
            try bench.rows(
                "select d, lastcall.event_of(d) from lastcall.delivery_id($1::uuid, $2::int4) d",
                .uuid(uuid),
                .int4(Int32(ordinal))
            ).first
        )
        #expect(try row.uuid(0) == event.delivery(ordinal).uuid)
        #expect(DeliveryID(try row.uuid(0))?.ordinal == ordinal)
        #expect(try row.uuid(1) == uuid)
    }

    @Test("a completion webhook's id is made alike in Swift and in Postgres", arguments: [1, 2, 65_536])
    func webhookIDs(endCount: Int) async throws {
        let bench = try await Workbench()
        let uuid = try #require(try bench.rows("select lastcall.new_event_id()").first?.uuid(0))
        let event = try #require(LogoutEventID(uuid))
        let row = try #require(
            try bench.rows(
                """
                select w, lastcall.is_webhook(w), lastcall.event_of(w), lastcall.end_of_deliveries($1::uuid),
                    lastcall.is_webhook(lastcall.delivery_id($1::uuid, 16711679))
                from lastcall.webhook_id($1::uuid, $2::int4) w
                """,
                .uuid(uuid),
                .int4(Int32(endCount))
            ).first
        )
        #expect(try row.uuid(0) == DeliveryID.webhook(of: event, endCount: endCount).uuid)
        #expect(try row.bool(1) && row.uuid(2) == uuid && row.uuid(3) == event.endOfDeliveries)
        #expect(try !row.bool(4))
    }

    @Test("where ids of an instant begin is the same in Swift and in Postgres")
    func floors() async throws {
        let bench = try await Workbench()
        for microseconds: Int64 in [0, 999, 1_000, 1_900_000_000_123_456, 1_899_999_999_999_999] {
            let row = try bench.rows("select lastcall.uuid7_floor($1::timestamptz)", .timestamp(microseconds))
                .first
            #expect(
                try row?.uuid(0) == UUID.floor(of: Timestamp(microseconds: microseconds)),
                "\(microseconds)"
            )
        }
    }
}
