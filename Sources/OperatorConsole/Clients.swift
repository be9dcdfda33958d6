import LogoutModel
import Outbox
import StrictJSON

/// Clients: how each does, and what an operator does about it.
extension OperatorConsole {
    func clients(_ visit: Visit) async throws -> Page {
        let list = try await visit.get("/clients", [("limit", "100"), ("cursor", visit.query["cursor"])])
        var view: View = ["clients": visit.maker.views(list["items"])]
        view["has_clients"] = !(list["items"]?.elements.isEmpty ?? true)
        if let next = visit.next(list, []) { view["next"] = next }
        return Page(template: "clients", title: "Clients", place: "clients", view: view)
    }

    func client(_ visit: Visit) async throws -> Page {
        try await client(visit, visit.rest[0], probed: nil)
    }

    private func client(_ visit: Visit, _ id: String, probed: JSON?) async throws -> Page {
        let issuer = try visit.issuerKey()
        let client = try await visit.get("/clients" + Visit.path(id))
        let defaults = try await visit.find("")
        guard let lane = try await store.laneFigures(of: id, issuer: issuer) else {
            throw ConsoleProblem.notFound
        }
        let found = try await store.attempts(
            at: id,
            issuer: issuer,
            from: visit.floor(minutesAgo: 24 * 60),
            limit: 120
        )
        let attempts = found.rows
        let chart = AttemptChart(attempts: attempts)
        var view: View = [
            "client": Self.shown(client, lane, defaults, visit),
            "policy": Self.policyFields(client["delivery"], defaults?["delivery"]),
            "chart": chart.view, "chart_text": chart.text, "has_attempts": !attempts.isEmpty,
            "is_cut": found.isCut, "looked": ViewMaker.grouped(found.looked),
            "attempt_count": ViewMaker.grouped(attempts.count),
            "errors": attempts.filter { $0.outcome != "delivered" }.prefix(10).map {
                Self.shown($0, visit.maker)
            },
        ]
        view["has_errors"] = attempts.contains { $0.outcome != "delivered" }
        if let probed { view["probed"] = visit.maker.view(probed) }
        return Page(template: "client", title: "Client", place: "clients", view: view, isLive: probed == nil)
    }

    private static func shown(_ client: JSON, _ lane: LaneFigures, _ defaults: JSON?, _ visit: Visit) -> View
    {
        var view = visit.maker.view(client)
        let cap =
            client["delivery"]?["max_in_flight"]?.int ?? defaults?["delivery"]?["max_in_flight"]?.int ?? 16
        let isMany = lane.inFlight + lane.waiting >= ConsoleBounds.queueRows
        view["in_flight"] = "\(lane.inFlight) of \(cap)"
        view["cap"] = cap
        view["cap_used"] = min(lane.inFlight, cap)
        view["waiting"] = ViewMaker.grouped(lane.waiting) + (isMany ? "+" : "")
        view["retrying"] = ViewMaker.grouped(lane.retrying)
        view["oldest"] = lane.oldestDueSeconds.map { ViewMaker.duration($0) } ?? "none"
        view["is_broken"] = lane.breakerTrips > 0
        view["trips"] = lane.breakerTrips
        if let until = lane.breakerOpenUntil { view["open_until"] = visit.maker.time(until) }
        if let since = lane.heldAt { view["held_at"] = visit.maker.time(since) }
        return view
    }

    private static func shown(_ attempt: ClientAttempt, _ maker: ViewMaker) -> View {
        var view: View = [
            "started_at": maker.time(attempt.startedAt), "outcome": maker.word(attempt.outcome),
            "delivery_id": attempt.delivery.lowercased, "number": attempt.number,
        ]
        view["http_status"] = attempt.httpStatus
        view["what"] = attempt.errorDescription ?? attempt.error
        return view
    }

    /// The fields of the delivery policy: what the client sets, and what holds where it sets nothing.
    private static func policyFields(_ own: JSON?, _ issuer: JSON?) -> [View] {
        policyMembers.map { name, label, usual in
            func text(_ value: JSON?) -> String? {
                guard let value else { return nil }
                if case .array(let elements) = value {
                    return elements.compactMap(\.text).joined(separator: ", ")
                }
                return value.text
            }
            var view: View = ["name": name, "label": label, "hint": text(issuer?[name]) ?? usual]
            if let value = text(own?[name]) { view["value"] = value }
            return view
        }
    }

    private static let policyMembers = [
        ("max_in_flight", "In flight at once", "16"), ("attempt_timeout_seconds", "Attempt timeout, s", "5"),
        ("max_attempts", "Attempts at most", "until the deadline"),
        ("deliver_within_seconds", "Deliver within, s", "86400"),
        ("retry_waits_seconds", "Waits between attempts, s", "1, 5, 15, 60, 300, 900, 3600"),
        ("retry_after_cap_seconds", "Retry-After at most, s", "3600"),
        ("token_lifetime_seconds", "Token lifetime, s", "120"),
    ]
    /// What a client is shown with and not registered with.
    private static let shownOnly: Set<String> = [
        "client_id", "held", "breaker", "warnings", "created_at", "updated_at", "delivery",
    ]

    // MARK: - What is done

    func client(_ visit: Visit, _ id: String, _ action: String, _ done: Done) async throws -> Result {
        try await visit.act("POST", "/clients" + Visit.path(id, action))
        return .done("\(visit.base)/clients\(Visit.path(id))", done)
    }

    func probe(_ visit: Visit, _ id: String) async throws -> Page {
        let result = try await visit.act("POST", "/clients" + Visit.path(id, "probe"))
        return try await client(visit, id, probed: result)
    }

    /// Registers the client anew as it is, but for its delivery policy.
    func changePolicy(_ visit: Visit, _ id: String) async throws -> Result {
        let path = "/clients" + Visit.path(id)
        let client = try await visit.get(path)
        guard client["updated_at"]?.text == visit.form["updated_at"] else {
            throw ConsoleProblem(
                status: 409,
                title: "Changed meanwhile",
                detail:
                    "Somebody has changed this client since the page was opened. Nothing was done: look at it again."
            )
        }
        let policy = Self.policyMembers.map { name, _, _ in
            (name, visit.form[name].map { Self.value($0, of: name) })
        }
        let kept = client.members.filter { !Self.shownOnly.contains($0.name) }.map {
            ($0.name, $0.value as JSON?)
        }
        try await visit.act("PUT", path, .object(of: kept + [("delivery", .object(of: policy))]))
        return .done("\(visit.base)\(path)", .policy)
    }

    /// What was typed, as a number where it is one. The API judges it.
    private static func value(_ text: String, of name: String) -> JSON {
        func number(_ text: some StringProtocol) -> JSON {
            let trimmed = String(text.filter { $0 != " " })
            guard let json = try? JSON.parse(Array(trimmed.utf8)), case .number = json else {
                return .string(String(text))
            }
            return json
        }
        guard name == "retry_waits_seconds" else { return number(text) }
        return .array(text.split(separator: ",").map { number($0) })
    }
}
