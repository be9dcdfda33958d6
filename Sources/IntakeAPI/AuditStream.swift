import AuditTrail
import FoundationEssentials
import LogoutModel
import Outbox
import ServiceLifecycle
import StrictJSON
import Threads

/// The audit trail as server-sent events: what was missed, then what comes, without a gap and without a repeat.
///
/// Chunks are made when they are asked for, so a slow reader holds nothing but its place. Between chunks it holds
/// neither a connection to the database nor a thread.
struct AuditStream: AsyncSequence, Sendable {
    /// A comment is sent after this long without an event, so that nobody between takes the stream for dead.
    static let commentInterval = Duration.seconds(15)
    /// The most events in one read of what was missed.
    static let page = 500
    /// A chunk is given out once it has this many bytes.
    static let chunkSize = 16_384

    let store: OutboxStore
    let feed: AuditFeed
    let issuer: Int32
    let filter: AuditFilter
    /// The reader has everything up to here.
    let start: AuditPosition
    /// Whether the reader may still read; asked about once a second.
    let isAllowed: @Sendable () async -> Bool
    /// Held for as long as the stream is.
    let place: Places.Place
    /// What was missed is read in turn with long lists: it is one.
    let turns: LongLists

    func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// Where one reader is.
    final class Iterator: AsyncIteratorProtocol {
        private enum Phase {
            case opening
            case catchingUp(AuditPosition)
            case live(AuditSubscription, AuditPosition)
        }

        private let stream: AuditStream
        private var phase = Phase.opening
        private var waiting: ArraySlice<AuditEntry> = []
        private var lastSent = ContinuousClock.now
        private var lastAllowed = ContinuousClock.now

        init(stream: AuditStream) {
            self.stream = stream
        }

        deinit {
            if case .live(let subscription, _) = phase { subscription.end(.left) }
        }

        /// The next chunk; `nil` where the process stops, or the reader may not read any more.
        ///
        /// - Throws: where the reader was too slow, or the database is away while it catches up: the connection is cut,
        ///   and the reader comes back with the id that it has seen last.
        func next() async throws -> [UInt8]? {
            while true {
                guard await isStillAllowed() else { return nil }
                if let chunk = chunk() { return chunk }
                switch phase {
                case .opening:
                    phase = .catchingUp(stream.start)
                    // Tells the reader at once that it is heard, and how long to wait before it comes back.
                    return sent(Array("retry: 2000\n\n".utf8))
                case .catchingUp(let position): try await catchUp(after: position)
                case .live(let subscription, let position):
                    guard try await listen(subscription, position) else { return nil }
                }
                if ContinuousClock.now - lastSent >= AuditStream.commentInterval, waiting.isEmpty {
                    return sent(Array(":\n\n".utf8))
                }
            }
        }

        private func isStillAllowed() async -> Bool {
            let now = ContinuousClock.now
            guard now - lastAllowed >= .seconds(1) else { return true }
            lastAllowed = now
            return await stream.isAllowed()
        }

        private func catchUp(after position: AuditPosition) async throws {
            guard !Task.isShuttingDownGracefully else { throw CancellationError() }
            let found = try await stream.turns.inTurn { [stream] in
                try await stream.store.settledAudit(
                    after: position,
                    of: stream.issuer,
                    limit: AuditStream.page
                )
            }
            waiting = found.entries.filter { stream.filter.accepts($0.record) }[...]
            guard !found.isFull else {
                phase = .catchingUp(found.end)
                return
            }
            let subscription = stream.feed.subscribe(to: stream.issuer, stream.filter, having: found.end)
            phase = .live(subscription, found.end)
        }

        /// Waits for what comes; `false`: nothing does.
        private func listen(_ subscription: AuditSubscription, _ position: AuditPosition) async throws -> Bool
        {
            let message = await withGracefulShutdownHandler {
                await subscription.next()
            } onGracefulShutdown: {
                subscription.end(.stopping)
            }
            switch message {
            case .entries(let entries): waiting = entries[...]
            case .tick: break
            case .behind: phase = .catchingUp(position)
            case .ended(.stopping): return false
            case .ended(.left), .ended(.slow): throw CancellationError()
            }
            return true
        }

        private func chunk() -> [UInt8]? {
            guard !waiting.isEmpty else { return nil }
            var bytes: [UInt8] = []
            while bytes.count < AuditStream.chunkSize, let entry = waiting.popFirst() {
                bytes += "event: audit\nid: \(entry.record.id.lowercased)\ndata: ".utf8
                var writer = JSONWriter(reservingCapacity: 512)
                writer.auditEvent(entry.record)
                bytes += writer.bytes
                bytes += "\n\n".utf8
            }
            return sent(bytes)
        }

        private func sent(_ bytes: [UInt8]) -> [UInt8] {
            lastSent = .now
            return bytes
        }
    }
}
