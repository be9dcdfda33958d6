import LogoutModel
import Outbox
import StrictJSON

/// Where everybody begins: the issuers, and how one of them stands.
extension OperatorConsole {
    /// How far back the overview looks, in minutes.
    static let window = 60

    func home(_ visit: Visit) async throws -> Result {
        if let own = visit.visitor.issuer { return .done("/console/i/\(own.name)") }
        let list = try await visit.get("/issuers", [("limit", "50"), ("cursor", visit.query["cursor"])])
        var view: View = ["issuers": visit.maker.views(list["items"])]
        if let next = visit.next(list, []) { view["next"] = next }
        return .page(Page(template: "home", title: "Issuers", place: "", view: view))
    }

    func overview(_ visit: Visit) async throws -> Page {
        let issuer = try visit.issuerKey()
        let begin = visit.floor(minutesAgo: Self.window)
        async let queue = store.queueFigures(of: issuer)
        async let minutes = store.minuteFigures(of: issuer, from: begin)
        async let latency = store.latencyFigures(of: issuer, from: begin)
        let events = try await visit.get("/logout-events", [("limit", "6")])
        var view = Self.figures(try await queue)
        let found = try await minutes
        let history = found.rows
        for (name, value) in Self.rates(found) { view[name] = value }
        for (name, value) in Self.speeds(try await latency) { view[name] = value }
        let last = visit.maker.now.microseconds / 60_000_000
        let bars = history.compactMap { figure -> MinuteChart.Bar? in
            let ago = Int(last - figure.minute.microseconds / 60_000_000)
            guard (0..<Self.window).contains(ago) else { return nil }
            return MinuteChart.Bar(place: Self.window - 1 - ago, good: figure.delivered, bad: figure.failed)
        }
        view["chart"] = MinuteChart(bars: bars, count: Self.window).view
        view["events"] = visit.maker.views(events["items"])
        view["has_events"] = !(events["items"]?.elements.isEmpty ?? true)
        return Page(template: "overview", title: "Overview", place: "", view: view, isLive: true)
    }

    private static func figures(_ queue: QueueFigures) -> View {
        func counted(_ number: Int) -> String {
            let rows = queue.inFlight + queue.waiting
            return ViewMaker.grouped(number) + (rows >= ConsoleBounds.queueRows ? "+" : "")
        }
        func known(_ number: Int) -> String {
            ViewMaker.grouped(number) + (queue.clients >= ConsoleBounds.clients ? "+" : "")
        }
        let delay = queue.oldestDueSeconds ?? 0
        return [
            "in_flight": counted(queue.inFlight), "waiting": counted(queue.waiting),
            "retrying": counted(queue.retrying),
            "oldest": queue.oldestDueSeconds.map { $0 < 1 ? "due now" : ViewMaker.duration($0) } ?? "none",
            "oldest_tone": delay > 60 ? "bad" : delay > 10 ? "warn" : "good",
            "clients": known(queue.clients), "held": known(queue.held),
            "broken": known(queue.broken), "broken_tone": queue.broken > 0 ? "bad" : "good",
            "held_tone": queue.held > 0 ? "warn" : "good",
        ]
    }

    private static func rates(_ found: HistoryLook<MinuteFigures>) -> View {
        let history = found.rows
        let delivered = history.map(\.delivered).reduce(0, +)
        let failed = history.map(\.failed).reduce(0, +)
        let tried = delivered + failed
        let looked = ViewMaker.grouped(found.looked)
        var view: View = [
            "delivered": ViewMaker.grouped(delivered), "failed": ViewMaker.grouped(failed),
            "is_cut": found.isCut, "looked": looked,
            "chart_text": (found.isCut ? "Of the newest \(looked)" : "In the last \(window) minutes")
                + " \(delivered) deliveries were accepted and \(failed) were not.",
        ]
        if tried > 0 {
            let tenths = delivered * 1_000 / tried
            view["success"] = failed == 0 ? "100 %" : "\(min(tenths, 999) / 10).\(min(tenths, 999) % 10) %"
            view["success_tone"] = failed == 0 ? "good" : tenths < 950 ? "bad" : "warn"
        }
        return view
    }

    private static func speeds(_ latency: LatencyFigures) -> View {
        var view: View = [
            "workers": latency.workers, "worker_count": latency.workers.count,
            "attempts_cut": latency.attempts >= ConsoleBounds.history,
            "attempts": ViewMaker.grouped(latency.attempts),
        ]
        view["first_50"] = ViewMaker.milliseconds(latency.firstPOST50)
        view["first_99"] = ViewMaker.milliseconds(latency.firstPOST99)
        view["attempt_50"] = ViewMaker.milliseconds(latency.attempt50)
        view["attempt_99"] = ViewMaker.milliseconds(latency.attempt99)
        return view
    }
}
