import LogoutModel
import Outbox
import StrictJSON

/// Deliveries that failed, and sending them again in bulk.
extension OperatorConsole {
    private static let groupsOnPage = 100

    func failed(_ visit: Visit) async throws -> Page {
        let days = Int(visit.query["days"] ?? "") ?? 1
        let window = [1, 7, 30].contains(days) ? days : 1
        let page = min(max(Int(visit.query["page"] ?? "") ?? 0, 0), ConsoleBounds.history / Self.groupsOnPage)
        let found = try await store.failures(
            of: visit.issuerKey(),
            from: visit.floor(minutesAgo: window * 24 * 60),
            behind: page * Self.groupsOnPage,
            limit: Self.groupsOnPage + 1
        )
        let groups = found.rows
        let running = try await visit.get("/redeliveries", [("limit", "8")])
        var view: View = [
            "groups": groups.prefix(Self.groupsOnPage).map { Self.shown($0, visit.maker) },
            "has_groups": !groups.isEmpty,
            "is_cut": found.isCut, "looked": ViewMaker.grouped(found.looked), "is_further": page > 0,
            "windows": [(1, "24 hours"), (7, "7 days"), (30, "30 days")].map { days, label -> View in
                ["value": days, "label": label, "chosen": days == window]
            },
            "redeliveries": visit.maker.views(running["items"]).map(Self.withShare),
            "has_redeliveries": !(running["items"]?.elements.isEmpty ?? true),
            "created_after": visit.maker.now.advanced(by: .seconds(-window * 86_400)).text,
        ]
        if groups.count > Self.groupsOnPage { view["next"] = "?days=\(window)&page=\(page + 1)" }
        return Page(
            template: "failed",
            title: "Failed deliveries",
            place: "failed",
            view: view,
            isLive: page == 0
        )
    }

    private static func shown(_ group: FailureGroup, _ maker: ViewMaker) -> View {
        var view: View = [
            "client_id": group.clientID, "client_id_url": FormFields.encoded(group.clientID),
            "status": maker.word(group.status), "status_text": group.status,
            "count": ViewMaker.grouped(group.count),
            "newest_at": maker.time(group.newestAt), "newest": group.newest.lowercased,
        ]
        if let reason = group.reason {
            view["reason"] = maker.word(reason)
            view["reason_text"] = reason
        }
        return view
    }

    private static func withShare(_ view: View) -> View {
        var view = view
        if view["dry_run"] as? Bool == true { view["kind"] = "dry run" } else { view["kind"] = "redelivery" }
        return view
    }

    func redelivery(_ visit: Visit) async throws -> Page {
        let json = try await visit.get("/redeliveries" + Visit.path(visit.rest[0]))
        var shown = Self.withShare(visit.maker.view(json))
        let status = json["status"]?.text ?? ""
        shown["matched_count"] = json["matched"]?.int ?? 0
        shown["done_count"] = json["done"]?.int ?? 0
        shown["is_running"] = status == "running"
        shown["can_start"] =
            status == "done" && json["dry_run"]?.isTrue == true && (json["matched"]?.int ?? 0) > 0
        shown["found_none"] = status == "done" && (json["matched"]?.int ?? 0) == 0
        // What is sent again is what was counted: no logout that was accepted since.
        let (before, counted) = (json["filter"]?["created_before"]?.text, json["created_at"]?.text)
        shown["created_before"] =
            [before, counted].compactMap { $0.flatMap(Timestamp.init(text:)) }.min()?.text
        shown["filters"] = (json["filter"]?.members ?? []).flatMap { member -> [View] in
            let values = member.value.elements.isEmpty ? [member.value] : member.value.elements
            return values.compactMap(\.text).map {
                ["label": member.name, "value": $0, "is_end": member.name == "created_before"]
            }
        }
        return Page(
            template: "redelivery",
            title: "Redelivery",
            place: "failed",
            view: ["redelivery": shown],
            isLive: true
        )
    }

    // MARK: - What is done

    /// Counts, or sends again what was counted.
    func startRedelivery(_ visit: Visit) async throws -> Result {
        func words(_ name: String) -> JSON? {
            let values = visit.form.all(name)
            return values.isEmpty ? nil : .array(values.map(JSON.string))
        }
        let filter = JSON.object(of: [
            ("client_id", visit.form["client_id"].map(JSON.string)), ("status", words("status")),
            ("reason", words("reason")), ("created_after", visit.form["created_after"].map(JSON.string)),
            ("created_before", visit.form["created_before"].map(JSON.string)),
        ])
        let isDryRun = visit.form["dry_run"] == "true"
        let started = try await visit.act(
            "POST",
            "/redeliveries",
            .object(of: [("filter", filter), ("dry_run", .bool(isDryRun))])
        )
        return .done("\(visit.base)/redeliveries\(Visit.path(started["id"]?.text ?? ""))")
    }

    func stopRedelivery(_ visit: Visit, _ id: String) async throws -> Result {
        try await visit.act("POST", "/redeliveries" + Visit.path(id, "cancel"))
        return .done("\(visit.base)/redeliveries\(Visit.path(id))", .stopped)
    }
}
