import Foundation
import Synchronization

/// Long lists are made a few at a time: hundreds of them at once would leave no processor to calls that take a millisecond.
///
/// Whoever waits for its turn holds memory alone, and counts among the calls in progress.
final class LongLists: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The longest list that needs no turn: the one that is made where no limit is given.
    private static let longest = 100

    private let state: Mutex<State>

    /// `atOnce`: half of the processors unless told.
    init(atOnce: Int = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)) {
        state = Mutex(State(free: atOnce))
    }

    /// Whether a query asks for one.
    static func isAsked(for query: String) -> Bool {
        query.utf8.split(separator: UInt8(ascii: "&")).contains { member in
            member.starts(with: "limit=".utf8)
                && (Int(String(decoding: member.dropFirst(6), as: UTF8.self)) ?? 0) > longest
        }
    }

    /// Makes a list when it is its turn; turns come in the order of the calls.
    ///
    /// - Throws: what `body` throws; `CancellationError` where the caller has gone meanwhile.
    func inTurn<Result>(_ body: () async throws -> Result) async throws -> Result {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isNow { continuation.resume() }
        }
        defer { pass() }
        try Task.checkCancellation()
        return try await body()
    }

    /// How many wait for their turn.
    var waiting: Int { state.withLock { $0.waiting.count } }

    private func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
