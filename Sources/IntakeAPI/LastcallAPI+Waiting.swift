import LogoutModel
import Outbox

/// An event with the deliveries that an answer shows.
typealias ShownEvent = (event: LogoutEvent, deliveries: [DeliveryRecord])

extension LastcallAPI {
    /// Waits until an event has ended, at most so long.
    ///
    /// - Returns: the event as it is then, and whether the wait was granted. Where it was refused, or nobody can say how
    ///   the event stands, the event as it was.
    /// - Throws: what the store throws when it is asked again.
    func waited(_ shown: ShownEvent, _ seconds: Int, _ call: Call) async throws -> (
        shown: ShownEvent, isGranted: Bool
    ) {
        guard shown.event.status == .inProgress else { return (shown, true) }
        let (id, issuer) = (shown.event.id, try call.issuerKey())
        // A call that waits holds nothing that others need; waits have a limit of their own.
        calls.end()
        defer { calls.resume() }
        let wait = Task { [ends] in await ends.end(of: id, issuer: issuer, within: .seconds(seconds)) }
        call.request.whenHungUp { wait.cancel() }
        let outcome = await withTaskCancellationHandler {
            await wait.value
        } onCancel: {
            wait.cancel()
        }
        guard outcome != .refused else { return (shown, false) }
        guard let now = try await store.event(id, of: issuer) else { throw Problem.notFound }
        return (now, outcome != .cutShort)
    }

    /// Answers the intake, after the wait that the caller prefers.
    func posted(_ accepted: ShownEvent, _ call: Call, _ issuer: IssuerReference, isReplay: Bool) async
        -> APIResponse
    {
        var shown = accepted
        var granted: Int?
        if let seconds = Preference.wait(call.request.values(of: "prefer")) {
            granted = seconds
            // The event is durable: an answer that does not know its end is better than an error.
            if let waited = try? await waited(shown, seconds, call) {
                shown = waited.shown
                if !waited.isGranted { granted = nil }
            }
        }
        let isDone = granted == nil ? isReplay : shown.event.status != .inProgress
        var response = APIResponse(status: isDone ? 200 : 202) {
            $0.logoutEvent(shown.event, deliveries: shown.deliveries)
        }
        let location = "/v1/issuers/\(issuer.name)/logout-events/\(shown.event.id.text)"
        response.headers.append(("Location", location))
        if isReplay { response.headers.append(("Idempotency-Replayed", "true")) }
        if let granted { response.headers.append(("Preference-Applied", "wait=\(granted)")) }
        return response
    }
}

extension QueryReader {
    /// The wait of a `GET`, in seconds; 0 unless told.
    mutating func wait() throws -> Int {
        guard let text = try single("wait") else { return 0 }
        guard let seconds = Int(text), (0...Preference.longestWait).contains(seconds), "\(seconds)" == text
        else {
            throw Problem.invalidRequest(
                "wait must be a number of seconds from 0 to \(Preference.longestWait)."
            )
        }
        return seconds
    }
}
