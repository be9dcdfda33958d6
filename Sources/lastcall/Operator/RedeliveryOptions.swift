import ArgumentParser
import StrictJSON

/// Which deliveries are sent again, and how.
struct RedeliveryOptions: ParsableArguments {
    static let about =
        "Deliveries that failed or expired are meant unless --status or --reason says otherwise."

    @Argument(help: "The issuer's name.") var issuer: String
    @Option(help: "For this RP.") var clientID: String?
    @Option(
        parsing: .upToNextOption,
        help: "That ended so: failed, expired, cancelled, not_covered.",
        completion: .list(["failed", "expired", "cancelled", "not_covered"])
    )
    var status: [String] = []
    @Option(parsing: .upToNextOption, help: "That ended for one of these reasons.") var reason: [String] = []
    @Option(help: "Of logouts from this RFC 3339 time on.") var createdAfter: String?
    @Option(help: "Of logouts before this RFC 3339 time.") var createdBefore: String?
    @Option(help: "Seconds until each expires undelivered.") var deliverWithinSeconds: Int64?
    @Option(help: "At most this many in a second.") var ratePerSecond: Int64?
    @Flag(help: "Only count them.") var dryRun = false
    @Flag(help: "Wait until it is done, with a progress bar on a terminal.") var watch = false

    /// Begins it, and shows it: at once, or when it is done.
    func start(_ api: Operator) async throws {
        let filter = JSON.object(of: [
            ("client_id", clientID.map(JSON.string)),
            ("status", status.isEmpty ? nil : .array(status.map(JSON.string))),
            ("reason", reason.isEmpty ? nil : .array(reason.map(JSON.string))),
            ("created_after", createdAfter.map(JSON.string)),
            ("created_before", createdBefore.map(JSON.string)),
        ])
        let body = JSON.object(of: [
            ("filter", filter), ("dry_run", .bool(dryRun)),
            ("deliver_within_seconds", deliverWithinSeconds.map(JSON.int)),
            ("rate_per_second", ratePerSecond.map(JSON.int)),
        ])
        let started = try await api.call("POST", ["v1", "issuers", issuer, "redeliveries"], body: body)
        api.show(watch ? try await api.watchRedelivery(started, of: issuer) : started)
    }
}

extension Operator {
    /// No proxy's word makes a command stand still for longer.
    private static let longestPause = 60

    /// Waits until a redelivery has ended, also where the API cannot say for a while; shows on a terminal how far it is.
    func watchRedelivery(_ redelivery: JSON, of issuer: String) async throws -> JSON {
        guard let id = redelivery["id"]?.text else { return redelivery }
        var bar = ProgressBar()
        defer { bar.finish() }
        var redelivery = redelivery
        var pause = Duration.milliseconds(250)
        var isWaiting = false
        while redelivery["status"]?.text == "running" {
            try await Task.sleep(for: pause)
            do {
                redelivery = try await call("GET", ["v1", "issuers", issuer, "redeliveries", id])
            } catch let failure as Failure where failure.isPassing {
                if !isWaiting {
                    bar.finish()
                    Notice.tell("\(failure.line); waiting", json: printsJSON)
                }
                isWaiting = true
                pause = .seconds(min(max(failure.retryAfter ?? 1, 1), Self.longestPause))
                continue
            }
            (pause, isWaiting) = (.milliseconds(250), false)
            bar.show(
                Int(redelivery["done"]?.int ?? 0),
                of: Int(redelivery["matched"]?.int ?? 0),
                "redelivered"
            )
        }
        return redelivery
    }
}
