/// Looks through the queue again and again, with jitter, and never for more than a twentieth of the time.
struct LanePoll {
    let interval: Duration
    let wake: AsyncStream<Void>.Continuation

    func run(_ look: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            await look()
            wake.yield()
            let pause = max(interval * Double.random(in: 0.5...1), (.now - begin) * 20)
            try? await Task.sleep(for: pause)
        }
    }
}
