internal import Dispatch
internal import Synchronization
internal import Threads

/// One plain thread that runs everything of a world's task, so that what blocks there holds no thread of Swift's pool.
final class RunnerThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let bell = DispatchSemaphore(value: 0)

    /// - Throws: where the machine has no thread.
    init() throws {
        try DedicatedThread.start(named: "chaos") { [weak self] in
            guard let self else { return }
            self.run()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        jobs.withLock { $0.append(unowned) }
        bell.signal()
    }

    private func run() {
        while true {
            bell.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let job { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
