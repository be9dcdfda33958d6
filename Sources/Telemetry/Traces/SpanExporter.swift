import CoreMetrics
import Synchronization

/// Hands spans that have ended to a collector, in batches, behind a bounded buffer.
///
/// Nothing ever waits for it: what finds no room is dropped and counted, and so is a batch that the collector did not
/// take after a few tries.
public final class SpanExporter: Sendable {
    /// How a collector answered a batch.
    public enum Ending: Sendable, Hashable {
        /// It has it, but for so many spans that it refused.
        case taken(refused: Int)
        /// It may take it later.
        case notNow
        /// It will not take it.
        case refused
    }

    /// The most spans in one batch.
    public static let batchSize = 512
    /// How long the first span of a batch waits for others.
    static let interval = Duration.milliseconds(200)
    /// How often a batch is offered.
    static let tries = 3

    private struct State {
        var spans: [RecordedSpan] = []
        var isFinishing = false
    }

    private let capacity: Int
    private let resource: OTLPResource
    private let pause: Duration
    private let send: @Sendable ([UInt8]) async -> Ending
    private let state = Mutex(State())
    private let ticks: AsyncStream<Void>
    private let tick: AsyncStream<Void>.Continuation
    private let exported = Counter(label: "lastcall_trace_spans_exported_total")
    private let full = Counter(
        label: "lastcall_trace_spans_dropped_total",
        dimensions: [("reason", "buffer_full")]
    )
    private let unsent = Counter(
        label: "lastcall_trace_spans_dropped_total",
        dimensions: [("reason", "not_taken")]
    )
    private let refused = Counter(
        label: "lastcall_trace_spans_dropped_total",
        dimensions: [("reason", "refused")]
    )

    /// An exporter; somebody must run it.
    ///
    /// - Parameters:
    ///   - capacity: spans that may wait.
    ///   - attributes: what is said of this process, such as `service.name`.
    ///   - version: of the program.
    ///   - pause: before a batch is offered again; twice as long before the next time.
    ///   - send: offers a document of OTLP in JSON to the collector, within a time of its own.
    public init(
        capacity: Int,
        attributes: [(name: String, value: String)],
        version: String,
        pause: Duration = .seconds(1),
        send: @escaping @Sendable ([UInt8]) async -> Ending
    ) {
        self.capacity = capacity
        self.pause = pause
        self.send = send
        resource = OTLPResource(attributes: attributes, version: version)
        (ticks, tick) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Spans that wait.
    public var waiting: Int { state.withLock { $0.spans.count } }

    /// Takes a span, or drops it; never waits.
    func add(_ span: RecordedSpan) {
        let count = state.withLock { state -> Int? in
            guard state.spans.count < capacity else { return nil }
            state.spans.append(span)
            return state.spans.count
        }
        guard let count else { return full.increment(by: 1) }
        if count == 1 { tick.yield() }
    }

    /// Has what waits exported soon.
    func wake() { tick.yield() }

    /// Ends ``run()`` after one more try.
    public func finish() {
        state.withLock { $0.isFinishing = true }
        tick.finish()
    }

    /// Exports until ``finish()``.
    public func run() async {
        for await _ in ticks {
            try? await Task.sleep(for: Self.interval)
            while await exportSome() {}
        }
        while await exportSome() {}
    }

    private var isFinishing: Bool { state.withLock { $0.isFinishing } }

    /// - Returns: whether there may be more.
    private func exportSome() async -> Bool {
        let batch = state.withLock { state in
            let batch = Array(state.spans.prefix(Self.batchSize))
            state.spans.removeFirst(batch.count)
            return batch
        }
        guard !batch.isEmpty else { return false }
        let isTaken = await offer(batch)
        guard !isTaken, isFinishing else { return true }
        // The collector is away and the process ends: the rest would only hold it up.
        let rest = state.withLock { state in
            defer { state.spans = [] }
            return state.spans.count
        }
        unsent.increment(by: rest)
        return false
    }

    private func offer(_ batch: [RecordedSpan]) async -> Bool {
        let document = resource.document(of: batch)
        var pause = pause
        for round in 1...Self.tries {
            switch await send(document) {
            case .taken(let count):
                exported.increment(by: max(0, batch.count - count))
                refused.increment(by: count)
                return true
            case .refused:
                refused.increment(by: batch.count)
                return true
            case .notNow:
                guard round < Self.tries, !isFinishing else { break }
                try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
                pause *= 2
            }
            if isFinishing { break }
        }
        unsent.increment(by: batch.count)
        return false
    }
}
