/// Looks through the queue again and again, with jitter, and never for more than a twentieth of the time.
package struct LanePoll {
    let interval: Duration
    let wake: AsyncStream<Void>.Continuation

    /// A poll; each look ends with a signal to `wake`.
    package init(interval: Duration, wake: AsyncStream<Void>.Continuation) {
        self.interval = interval
        self.wake = wake
    }

    /// Looks until the task is cancelled.
    package func run(_ look: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            await look()
            wake.yield()
            let pause = max(interval * Double.random(in: 0.5...1), (.now - begin) * 20)
            try? await Task.sleep(for: pause)
        }
    }
}
