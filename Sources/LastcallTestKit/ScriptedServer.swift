import COpenSSL
import Glibc
import Synchronization

/// What the threads of one ``ScriptedRelyingParty`` share: its script, its records, its connections.
final class ScriptedServer: Sendable {
    private struct Waiter {
        let id: Int
        let count: Int
        let resume: CheckedContinuation<[ReceivedRequest], any Error>
    }

    private struct State {
        var standing: ScriptedStep
        var steps: [ScriptedStep] = []
        var stepsByPath: [String: [ScriptedStep]] = [:]
        var received: [ReceivedRequest] = []
        var waiters: [Waiter] = []
        var waiterCount = 0
        var accepted = 0
        /// The one that accepts, and one for each connection.
        var threads = 1
        var open: Set<Int32> = []
        var isStopped = false
    }

    let transport: ScriptedRelyingParty.Transport
    let tls: TLSServer?
    let listener: ListeningSocket
    private let state: Mutex<State>
    /// Open once every thread has ended.
    private let ended = Gate()

    init(
        transport: ScriptedRelyingParty.Transport,
        tls: TLSServer?,
        listener: ListeningSocket,
        standing: ScriptedStep
    ) {
        self.transport = transport
        self.tls = tls
        self.listener = listener
        state = Mutex(State(standing: standing))
    }

    var received: [ReceivedRequest] { state.withLock { $0.received } }
    var connections: Int { state.withLock { $0.accepted } }

    func start() {
        if !ServerThread.start({ [self] in acceptAll() }) { acceptorEnded() }
    }

    private func acceptAll() {
        while let descriptor = listener.accept() {
            guard let number = opened(descriptor) else { break }
            let isStarted = ServerThread.start { [self] in
                ScriptedConnection(server: self, descriptor: descriptor, number: number).run()
                connectionEnded(descriptor)
            }
            if !isStarted { connectionEnded(descriptor) }
        }
        acceptorEnded()
    }

    /// Shuts everything down and waits for the threads, which have nothing left to wait for: the process may end
    /// next, and OpenSSL with it.
    func stop() {
        let stopped = state.withLock { state in
            guard !state.isStopped else { return false }
            state.isStopped = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return true
        }
        if stopped { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
        ended.wait()
    }

    private func acceptorEnded() {
        close(listener.descriptor)
        threadEnded()
    }

    /// Closes under the lock, so that `stop()` never meets a descriptor that is somebody else's by now.
    private func connectionEnded(_ descriptor: Int32) {
        state.withLock { state in
            state.open.remove(descriptor)
            _ = close(descriptor)
        }
        threadEnded()
    }

    private func threadEnded() {
        // What OpenSSL keeps for this thread goes now, not in parallel with the end of the process.
        OPENSSL_thread_stop()
        let isLast = state.withLock { state in
            state.threads -= 1
            return state.threads == 0
        }
        if isLast { ended.open() }
    }

    // MARK: Connections

    private func opened(_ descriptor: Int32) -> Int? {
        let number: Int? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.open.insert(descriptor)
            state.accepted += 1
            state.threads += 1
            return state.accepted
        }
        if number == nil { close(descriptor) }
        return number
    }

    // MARK: Script

    func add(_ steps: [ScriptedStep], path: String?) {
        state.withLock { state in
            if let path { state.stepsByPath[path, default: []] += steps } else { state.steps += steps }
        }
    }

    func setStanding(_ step: ScriptedStep) {
        state.withLock { $0.standing = step }
    }

    /// Whether the next request is to be reset before it is read; takes the step if so.
    func takesReset() -> Bool {
        state.withLock { state in
            guard case .resetBeforeReading? = state.steps.first else {
                guard state.steps.isEmpty, case .resetBeforeReading = state.standing else { return false }
                return true
            }
            state.steps.removeFirst()
            return true
        }
    }

    /// Remembers a request and takes its step; both at once, so that order and script agree.
    func record(_ request: ReceivedRequest) -> ScriptedStep {
        let (step, ready) = state.withLock { state in
            state.received.append(request)
            let count = state.received.count
            let ready = state.waiters.filter { $0.count <= count }.map { waiter in
                (waiter.resume, Array(state.received.prefix(waiter.count)))
            }
            state.waiters.removeAll { $0.count <= count }
            if let step = state.stepsByPath[request.target]?.first {
                state.stepsByPath[request.target]?.removeFirst()
                return (step, ready)
            }
            return (state.steps.isEmpty ? state.standing : state.steps.removeFirst(), ready)
        }
        for (waiter, requests) in ready { waiter.resume(returning: requests) }
        return step
    }

    // MARK: Waiting

    func wait(for count: Int, within bound: Duration) async throws -> [ReceivedRequest] {
        let id = state.withLock { state in
            state.waiterCount += 1
            return state.waiterCount
        }
        let watchdog = Task {
            try await Task.sleep(for: bound)
            giveUp(id)
        }
        defer { watchdog.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let ready: [ReceivedRequest]? = state.withLock { state in
                if state.received.count >= count { return Array(state.received.prefix(count)) }
                state.waiters.append(Waiter(id: id, count: count, resume: continuation))
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func giveUp(_ id: Int) {
        let late = state.withLock { state in
            let late = state.waiters.first { $0.id == id }
            state.waiters.removeAll { $0.id == id }
            return late.map { ($0, state.received.count) }
        }
        guard let (waiter, received) = late else { return }
        waiter.resume.resume(
            throwing: ScriptedRelyingPartyError.tooFewRequests(expected: waiter.count, received: received)
        )
    }
}
