import Dispatch
import Glibc
import Synchronization
import Threads

/// Writes lines to a descriptor, one whole line after the other, on a thread of its own: whoever reads may stand still, which
/// then holds up nobody but those who wait for their line.
final class LineWriter: Sendable {
    /// Whoever is cancelled still waits for so long: a reader that does read gets the line whole.
    private static let patience = Duration.seconds(1)

    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var number = 0
        var lines: [(number: Int, bytes: [UInt8])] = []
        var waiters: [Int: Waiter] = [:]
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// A writer, whose thread ends with the process.
    init(to descriptor: Int32) throws {
        self.descriptor = descriptor
        try DedicatedThread.start(named: "lc-lines") { [self] in run() }
    }

    /// Returns once the line is written.
    ///
    /// - Throws: ``TrailPrinter/Ended`` where nobody reads, or nothing can be written.
    func write(_ line: [UInt8]) async throws {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                state.withLock { state in
                    state.waiters[number] = waiter
                    state.lines.append((number, line))
                }
                bell.signal()
            }
        } onCancel: {
            Task {
                try? await Task.sleep(for: Self.patience)
                giveUp(number)
            }
        }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state in
            state.lines.removeAll { $0.number == number }
            return state.waiters.removeValue(forKey: number)
        }
        waiter?.resume(throwing: CancellationError())
    }

    private func run() {
        while true {
            bell.wait()
            let next = state.withLock { $0.lines.isEmpty ? nil : $0.lines.removeFirst() }
            guard let next else { continue }
            let result = Result { try put(next.bytes) }
            state.withLock { $0.waiters.removeValue(forKey: next.number) }?.resume(with: result)
        }
    }

    private func put(_ line: [UInt8]) throws {
        var rest = line[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            switch (count, errno) {
            case (0..., _): rest = rest.dropFirst(count)
            case (_, EINTR): continue
            case (_, EAGAIN):
                // Somebody else may have made a shared terminal or pipe non-blocking.
                var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&writable, 1, -1)
            case (_, EPIPE): throw TrailPrinter.Ended()
            case (_, let code):
                let reason = unsafe String(cString: strerror(code))
                throw TrailPrinter.Ended(failure: Failure("standard output cannot be written: \(reason)"))
            }
        }
    }
}
