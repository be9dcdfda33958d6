internal import Benchmarks
internal import Glibc

/// Asks again, beside the load, for what the load has no answer to, while nothing can be accepted.
enum UnansweredCalls {
    /// Asks for some time, several at once, and checks that each is answered with 503 within 2 s.
    ///
    /// The same body under the same key again: to the product no different from a client that tries again.
    static func ask(_ world: World, for length: Duration) async throws {
        // Answers that were on their way when the fault began.
        await world.pause(.seconds(1))
        let deadline = ContinuousClock.now + length
        let key = world.environment["LASTCALL_OPERATOR_API_KEY"] ?? ""
        var answers: [Int: Int] = [:]
        var slowest = 0.0
        while ContinuousClock.now < deadline {
            let open = world.load.calls.suffix(2_000).filter { $0.outcome == .open && !$0.isFlawed }
            let chosen = (0..<4).compactMap { _ in world.random.pick(open) }
            let ports = world.fleet.apis.map(\.port)
            let found = try await withThrowingTaskGroup(of: (Int, Double).self) { group in
                for (index, call) in chosen.enumerated() {
                    group.addTask {
                        try await offPool { ask(call, key, port: ports[index % ports.count]) }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (status, seconds) in found {
                answers[status, default: 0] += 1
                slowest = max(slowest, seconds)
            }
            await world.pause(.milliseconds(100))
        }
        let text = answers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        world.note("asked again for calls without an answer: \(text); the slowest took \(slowest) s")
        let sum = answers.values.reduce(0, +)
        world.check(
            Check(
                "what cannot be accepted is answered with 503",
                sum > 0 && answers[503] == sum,
                detail: text
            )
        )
        world.check(
            Check("what cannot be accepted is answered within 2 s", slowest <= 2.1, detail: "\(slowest) s")
        )
    }

    private static func ask(_ call: LogoutCall, _ key: String, port: UInt16) -> (Int, Double) {
        let begin = Moment.now
        let answer = try? HTTPCall.send(
            "POST",
            Load.path,
            port: port,
            headers: ["Authorization: Bearer \(key)", "Idempotency-Key: \(call.key)"],
            body: call.body
        )
        return (answer?.status ?? 0, Double(Moment.now - begin) / 1e9)
    }
}
