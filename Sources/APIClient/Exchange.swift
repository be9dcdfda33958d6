import Synchronization

/// A call under way: its thread writes what comes, and whoever called waits for it.
final class Exchange: Sendable {
    /// Chunks that may wait for the reader of a stream; a chunk has at most 16 KiB.
    static let waitingChunks = 1_024

    /// Nothing comes for longer from an API that is alive: a call waits 30 s, a probe its attempt's 60 s, and a stream
    /// has a comment every 15 s.
    private static let silence = Duration.seconds(90)

    private typealias Stream = AsyncThrowingStream<[UInt8], any Error>

    private struct State {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var chunks: Stream.Continuation?
        var result: Result<APIAnswer, any Error>?
        var waiter: CheckedContinuation<APIAnswer, any Error>?
        var isLeft = false
        var isTooSlow = false
        var transferred: Int64 = 0
        var lastTransfer = ContinuousClock.now
    }

    private let state = Mutex(State())

    /// Waits for the answer. To be called once.
    func answer() async throws -> APIAnswer {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state in
                if state.result == nil { state.waiter = continuation }
                return state.result
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Whoever waited has gone: the transfer is to end.
    func leave() {
        state.withLock { $0.isLeft = true }
    }

    /// Whether the transfer is to go on: somebody waits, and something came or went not too long ago.
    func goesOn(transferred: Int64) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            if transferred != state.transferred {
                (state.transferred, state.lastTransfer) = (transferred, now)
            }
            return !state.isLeft && now - state.lastTransfer < Self.silence
        }
    }

    /// Takes one line of the answer's head.
    func head(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // An interim answer (RFC 9110 section 15.2) has a head of its own before this one.
            let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            state.withLock { state in
                state.status = status ?? 0
                state.headers = []
            }
        } else if let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            state.withLock { $0.headers.append((name, String(value))) }
        } else if line.isEmpty {
            beginStream()
        }
    }

    /// Takes a piece of the body; `false`: there is nobody who takes it.
    func body(_ bytes: [UInt8]) -> Bool {
        let (chunks, isLeft) = state.withLock { state in
            if state.chunks == nil { state.body += bytes }
            return (state.chunks, state.isLeft)
        }
        switch chunks?.yield(bytes) {
        case .dropped:
            state.withLock { $0.isTooSlow = true }
            return false
        case .terminated: return false
        default: return !isLeft
        }
    }

    /// The transfer is over.
    func end(_ failure: APIFailure?) {
        let (chunks, answer, isTooSlow, isLeft) = state.withLock { state in
            (
                state.chunks,
                APIAnswer(status: state.status, headers: state.headers, body: state.body, stream: nil),
                state.isTooSlow, state.isLeft
            )
        }
        if let chunks {
            return chunks.finish(throwing: isTooSlow ? APIFailure.tooSlow : failure)
        }
        if let failure {
            resolve(.failure(isLeft ? APIFailure.left : failure))
        } else {
            resolve(.success(answer))
        }
    }

    /// An answer of server-sent events is one before it has ended.
    private func beginStream() {
        let (status, headers) = state.withLock { ($0.status, $0.headers) }
        let type = headers.first { $0.name == "content-type" }?.value
        guard status == 200, type?.hasPrefix("text/event-stream") == true else { return }
        let (stream, chunks) = Stream.makeStream(bufferingPolicy: .bufferingOldest(Self.waitingChunks))
        chunks.onTermination = { [weak self] _ in self?.leave() }
        state.withLock { $0.chunks = chunks }
        resolve(.success(APIAnswer(status: status, headers: headers, body: [], stream: stream)))
    }

    private func resolve(_ result: Result<APIAnswer, any Error>) {
        let waiter = state.withLock { state in
            if state.result == nil { state.result = result }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }
}
