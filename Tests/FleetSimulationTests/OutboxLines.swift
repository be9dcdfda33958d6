import FleetSimulation
import FoundationEssentials
import LogoutModel

/// All that two outboxes must agree on, as lines of text.
enum OutboxLines {
    static let queue = """
        select concat_ws('|', delivery_id, client_key, priority, virtual.us(due_at), virtual.us(leased_at), virtual.us(lease_until),
            virtual.us(deliver_before), lease_number, attempt_count, excused_count, coalesce(worker_key::text, '-'),
            coalesce(last_outcome::text, '-'), outcome_was_unknown, coalesce(closing::text, '-'), coalesce(closing_by, '-'),
            coalesce(sub, '-'), coalesce(sid, '-'))
        from lastcall.delivery_queue
        """
    static let ends = """
        select concat_ws('|', delivery_id, coalesce(client_key::text, '-'), status, coalesce(reason::text, '-'), virtual.us(ended_at),
            virtual.us(deliver_before), lease_number, attempt_count, excused_count, nonstandard_status, rejected_after_unknown,
            client_id, coalesce(sub, '-'), coalesce(sid, '-'))
        from lastcall.deliveries
        """
    static let attempts = """
        select concat_ws('|', delivery_id, number, outcome, coalesce(worker_key::text, '-'), coalesce(http_status::text, '-'),
            coalesce(late_http_status::text, '-'), coalesce(jti::text, '-'))
        from lastcall.attempts
        """
    static let events = """
        select concat_ws('|', event_id, status, coalesce(virtual.us(ended_at), '-'), matched, excluded, open_count, end_count, delivered,
            failed, expired, cancelled, not_covered)
        from lastcall.logout_events
        """
    static let clients = """
        select concat_ws('|', client_key, held_at is not null, deleted_at is not null, breaker_trips, virtual.us(breaker_open_until),
            virtual.us(breaker_opened_at), virtual.us(breaker_closed_at), virtual.us(breaker_recovered_at), breaker_rousing)
        from lastcall.clients
        """
    static let audit = """
        select concat_ws('|', type, coalesce(subject_id::text, '-'), coalesce(client_id, '-'), actor,
            coalesce(data ->> 'attempt', data ->> 'attempts', '-'), coalesce(data ->> 'outcome', data ->> 'status', data ->> 'reason', '-'),
            coalesce(data ->> 'http_status', data ->> 'trips', '-'))
        from lastcall.audit_events where type not in ('client.registered', 'issuer.changed')
        """

    private static func text(_ time: Timestamp) -> String {
        time == .never ? "never" : String(time.microseconds)
    }

    private static func line(_ parts: Any?...) -> String {
        parts.map { part in
            switch part {
            case nil: "-"
            case let flag as Bool: flag ? "t" : "f"
            case let time as Timestamp: text(time)
            case let id as UUID: id.lowercased
            case let part?: "\(part)"
            }
        }.joined(separator: "|")
    }

    static func queue(of outbox: MemoryOutbox) -> [String] {
        outbox.deliveries.filter { $0.end == nil }.map { row in
            line(
                row.id.uuid,
                row.client,
                row.priority.rawValue,
                row.dueAt,
                row.leasedAt,
                row.leaseUntil,
                row.deliverBefore,
                row.leaseNumber,
                row.attemptCount,
                row.excusedCount,
                row.worker,
                row.lastOutcome?.rawValue,
                row.outcomeWasUnknown,
                row.closing?.rawValue,
                row.closingBy,
                row.sub,
                row.sid
            )
        }.sorted()
    }

    static func ends(of outbox: MemoryOutbox) -> [String] {
        outbox.deliveries.compactMap { row in
            guard let end = row.end else { return nil }
            return line(
                row.id.uuid,
                row.client,
                end.status.rawValue,
                end.reason?.rawValue,
                end.at,
                row.deliverBefore,
                row.leaseNumber,
                row.attemptCount,
                row.excusedCount,
                end.flags.contains(.nonstandardStatus),
                end.flags.contains(.rejectedAfterUnknown),
                row.clientID,
                row.sub,
                row.sid
            )
        }.sorted()
    }

    static func attempts(of outbox: MemoryOutbox) -> [String] {
        outbox.deliveries.flatMap { row in
            row.attempts.map { attempt in
                line(
                    row.id.uuid,
                    attempt.number,
                    attempt.outcome.rawValue,
                    attempt.worker,
                    attempt.httpStatus,
                    attempt.lateHTTPStatus,
                    attempt.jti
                )
            }
        }.sorted()
    }

    static func events(of outbox: MemoryOutbox) -> [String] {
        outbox.events.map { row in
            line(
                row.id.uuid,
                row.status.rawValue,
                row.endedAt,
                row.matched,
                row.excluded,
                row.openCount,
                row.endCount,
                row.delivered,
                row.failed,
                row.expired,
                row.cancelled,
                row.notCovered
            )
        }.sorted()
    }

    static func clients(of outbox: MemoryOutbox) -> [String] {
        outbox.clients.map { row in
            line(
                row.key,
                row.isHeld,
                row.isDeleted,
                row.breakerTrips,
                row.breakerOpenUntil,
                row.breakerOpenedAt,
                row.breakerClosedAt,
                row.breakerRecoveredAt,
                row.isRousing
            )
        }.sorted()
    }

    static func audit(of outbox: MemoryOutbox) -> [String] {
        outbox.audit.map { row in
            line(row.type, row.subject, row.clientID, row.actor, row.attempt, row.word, row.number)
        }.sorted()
    }
}
