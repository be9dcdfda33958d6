import CoreMetrics
import Metrics
import Synchronization

/// What is counted of calls: by route, never by path, so that no caller makes a label.
final class CallMetrics: Sendable {
    /// What answers to no route.
    static let noRoute = "none"

    private struct Series {
        let durations: Timer
        var statuses: [Int: Counter] = [:]

        init(_ route: String) {
            durations = Timer(
                label: "lastcall_http_request_duration_seconds",
                dimensions: [("route", route)]
            )
        }
    }

    private struct State {
        var routes: [String: Series] = [:]
        var refusals: [String: Counter] = [:]
    }

    private let state = Mutex(State())

    /// What somebody is told of begins at 0: Prometheus sees no increase in the first value of a series.
    init() {
        state.withLock { state in
            for code in [Problem.internalError.code, Problem.unavailable("").code] {
                state.refusals[code] = Self.refusals(code)
            }
        }
    }

    private static func refusals(_ code: String) -> Counter {
        Counter(label: "lastcall_intake_refusals_total", dimensions: [("code", code)])
    }

    /// A call was answered.
    ///
    /// - Parameters:
    ///   - route: the method and the template of its path, or ``noRoute``.
    ///   - status: the answer's.
    ///   - duration: from the call's head to the answer's, or to the beginning of a stream.
    func answered(_ route: String, _ status: Int, in duration: Duration) {
        let (counter, timer) = state.withLock { state in
            let series = state.routes[route] ?? Series(route)
            if let known = series.statuses[status] { return (known, series.durations) }
            let made = Counter(
                label: "lastcall_http_requests_total",
                dimensions: [("route", route), ("status", String(status))]
            )
            state.routes[route, default: series].statuses[status] = made
            return (made, series.durations)
        }
        counter.increment()
        timer.recordNanoseconds(duration.wholeNanoseconds)
    }

    /// A logout was refused, or could not be taken.
    func refused(_ code: String) {
        let counter = state.withLock { state in
            if let known = state.refusals[code] { return known }
            let made = Self.refusals(code)
            state.refusals[code] = made
            return made
        }
        counter.increment()
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
