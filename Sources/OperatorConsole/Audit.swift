import AuditTrail
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON
import Threads

/// The audit trail: newest first, as it grows, and whether it is what was sealed.
extension OperatorConsole {
    private static let auditFilters = ["type", "severity", "client_id", "event"]
    private static let onPage = 50
    /// How long a page may take to verify a trail.
    private static let verification = Duration.seconds(20)

    func audit(_ visit: Visit) async throws -> Page { try await audit(visit, verdict: nil) }

    private func audit(_ visit: Visit, verdict: View?) async throws -> Page {
        // The installation's own trail tells of every issuer.
        guard visit.issuer != nil || visit.visitor.isOperator else { throw ConsoleProblem.notFound }
        let query = verdict == nil ? visit.query : FormFields("")
        var filter = AuditFilter()
        filter.types = query["type"].map { [$0] } ?? []
        filter.severities = query["severity"].map { [$0] } ?? []
        filter.clientID = query["client_id"]
        if let event = query["event"].flatMap(UUID.init(uuidString:)) {
            filter.limit(to: LogoutEventID.of(event))
        }
        let before = query["before"].flatMap(UUID.init(uuidString:))
        let found = try await store.newestAuditEvents(
            filter,
            before: before,
            limit: Self.onPage + 1,
            of: visit.issuer?.key ?? 0
        )
        var view: View = [
            "entries": found.prefix(Self.onPage).map { Self.shown($0, visit.maker) },
            "has_entries": !found.isEmpty,
            "severities": Self.choices(["info", "notice", "warning", "error"], chosen: query["severity"]),
            "types": AuditType.allCases.map(\.rawValue).sorted().map { type -> View in
                ["value": type, "label": type, "chosen": type == query["type"]]
            },
            "is_filtered": Self.auditFilters.contains { query[$0] != nil } || before != nil,
        ]
        for name in ["client_id", "event"] { if let value = query[name] { view["filter_\(name)"] = value } }
        if found.count > Self.onPage {
            let kept = Self.auditFilters.map { ($0, query[$0]) }
            view["next"] = "?" + FormFields.query(kept + [("before", found[Self.onPage - 1].id.lowercased)])
        }
        if let verdict { view["verdict"] = verdict }
        return Page(
            template: "audit",
            title: "Audit trail",
            place: "audit",
            view: view,
            isLive: before == nil && verdict == nil
        )
    }

    private static func shown(_ record: AuditRecord, _ maker: ViewMaker) -> View {
        var view: View = [
            "type": record.type, "severity": maker.word(record.severity),
            "created_at": maker.time(record.createdAt),
            "actor": record.actor,
        ]
        if record.actor.utf8.count == 36 { view["actor_short"] = ViewMaker.short(record.actor) }
        if let client = record.clientID {
            view["client_id"] = client
            view["client_id_url"] = FormFields.encoded(client)
        }
        if let delivery = record.deliveryID {
            view["subject"] = "deliveries/\(delivery.text)"
            view["subject_short"] = ViewMaker.short(delivery.text)
        } else if let event = record.eventID {
            view["subject"] = "events/\(event.text)"
            view["subject_short"] = ViewMaker.short(event.text)
        }
        if let data = record.data, let json = try? JSON.parse(Array(data.utf8)) {
            view["facts"] = json.members.map { member -> View in
                [
                    "label": member.name,
                    "value": member.value.text ?? String(decoding: member.value.serialized(), as: UTF8.self),
                ]
            }
        }
        return view
    }

    /// Computes every hash anew, for so long as a page may take.
    func verify(_ visit: Visit) async throws -> Page {
        guard visit.issuer != nil || visit.visitor.isOperator else { throw ConsoleProblem.notFound }
        guard let place = verifications.take() else { throw ConsoleProblem.busy }
        defer { withExtendedLifetime(place) {} }
        let verdict = try await withThrowingTaskGroup(of: AuditVerdict?.self) { [store] group in
            group.addTask { try await store.verifyAudit(of: visit.issuer?.key ?? 0) }
            group.addTask {
                try await Task.sleep(for: Self.verification)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let verdict else {
            throw ConsoleProblem(
                status: 503,
                title: "Too long for a page",
                detail:
                    "The trail is too long to be verified while you wait. Run: lastcall audit verify \(visit.issuer?.name ?? "--installation")"
            )
        }
        var view: View = [
            "is_sound": verdict.broken == nil, "entries_verified": ViewMaker.grouped(verdict.intact),
            "unsealed": ViewMaker.grouped(verdict.unsealed), "head": "\(verdict.head)",
        ]
        if verdict.notKept > 0 { view["not_kept"] = ViewMaker.grouped(verdict.notKept) }
        if let broken = verdict.broken { view["broken"] = broken.explanation }
        return try await audit(visit, verdict: view)
    }
}
