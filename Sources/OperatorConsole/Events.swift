import FoundationEssentials
import StrictJSON

/// Logout events, their deliveries, and every attempt.
extension OperatorConsole {
    private static let eventFilters = [
        "status", "initiator", "client_id", "sub", "sid", "session_id", "user_id",
    ]
    static let eventStatuses = ["in_progress", "completed", "partial", "failed", "no_targets", "cancelled"]

    func events(_ visit: Visit) async throws -> Page {
        let filters = Self.eventFilters.map { ($0, visit.query[$0]) }
        let list = try await visit.get(
            "/logout-events",
            filters + [("limit", "50"), ("cursor", visit.query["cursor"])]
        )
        var view: View = [
            "events": visit.maker.views(list["items"]),
            "statuses": Self.choices(Self.eventStatuses, chosen: visit.query["status"]),
            "is_filtered": filters.contains { $0.1 != nil } || visit.query["cursor"] != nil,
        ]
        view["has_events"] = !(list["items"]?.elements.isEmpty ?? true)
        for (name, value) in filters { if let value { view["filter_\(name)"] = value } }
        if let next = visit.next(list, Self.eventFilters) { view["next"] = next }
        return Page(
            template: "events",
            title: "Logout events",
            place: "events",
            view: view,
            isLive: visit.query["cursor"] == nil
        )
    }

    func event(_ visit: Visit) async throws -> Page {
        let id = visit.rest[0]
        let event = try await visit.get("/logout-events" + Visit.path(id))
        let list = try await visit.get(
            "/deliveries",
            [("logout_event_id", id), ("limit", "100"), ("cursor", visit.query["cursor"])]
        )
        var shown = visit.maker.view(event)
        shown["counts"] = (event["delivery_counts"]?.members ?? []).filter { ($0.value.int ?? 0) > 0 }.map {
            member -> View in
            ["count": ViewMaker.grouped(member.value.int ?? 0), "state": visit.maker.word(member.name)]
        }
        // How many targets were named is how many were found.
        shown["scope_members"] = (event["scope"]?.members ?? []).filter { $0.name != "targets" }.map {
            member -> View in
            [
                "label": member.name,
                "value": member.value.text ?? String(decoding: member.value.serialized(), as: UTF8.self),
            ]
        }
        shown["is_open"] = event["status"]?.text == "in_progress"
        var view: View = ["event": shown, "deliveries": visit.maker.views(list["items"])]
        view["has_deliveries"] = !(list["items"]?.elements.isEmpty ?? true)
        if let next = visit.next(list, []) { view["next"] = next }
        return Page(
            template: "event",
            title: "Logout event",
            place: "events",
            view: view,
            isLive: visit.query["cursor"] == nil
        )
    }

    func delivery(_ visit: Visit) async throws -> Page {
        let delivery = try await visit.get("/deliveries" + Visit.path(visit.rest[0]))
        let client = try await visit.find("/clients" + Visit.path(delivery["client_id"]?.text ?? ""))
        let issuer = try await visit.find("")
        var shown = visit.maker.view(delivery)
        shown["attempts"] = visit.maker.views(delivery["attempts"])
        shown["has_attempts"] = !(delivery["attempts"]?.elements.isEmpty ?? true)
        let status = delivery["status"]?.text ?? ""
        let isOpen = ["pending", "delivering", "retrying", "held"].contains(status)
        shown["is_open"] = isOpen
        shown["can_redeliver"] = !isOpen
        shown["needs_force"] = status == "delivered"
        let token = TokenContents(delivery: delivery, client: client, issuer: issuer)
        return Page(
            template: "delivery",
            title: "Delivery",
            place: "events",
            view: ["delivery": shown, "claims": token.rows, "claims_hint": token.hint],
            isLive: true
        )
    }

    /// What a list may be narrowed to.
    static func choices(_ words: [String], chosen: String?) -> [View] {
        words.map { word in
            [
                "value": word, "label": word.split(separator: "_").joined(separator: " "),
                "chosen": word == chosen,
            ]
        }
    }

    // MARK: - What is done

    func cancelEvent(_ visit: Visit, _ id: String) async throws -> Result {
        try await visit.act("POST", "/logout-events" + Visit.path(id, "cancel"))
        return .done("\(visit.base)/events\(Visit.path(id))", .cancelled)
    }

    func redeliver(_ visit: Visit, _ id: String) async throws -> Result {
        let body = JSON.object(of: [("force", visit.form["force"] == "true" ? .bool(true) : nil)])
        try await visit.act("POST", "/deliveries" + Visit.path(id, "redeliver"), body)
        return .done("\(visit.base)/deliveries\(Visit.path(id))", .redelivered)
    }
}
