import Foundation
import Synchronization
import Telemetry
import Testing

/// A collector that answers as a test says, and keeps what it was offered.
final class ScriptedCollector: Sendable {
    private let state = Mutex(State())

    private struct State {
        var documents: [[UInt8]] = []
        var endings: [SpanExporter.Ending] = []
        var hangs = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ endings: SpanExporter.Ending...) {
        state.withLock { $0.endings = endings }
    }

    /// Never answers until ``release()``.
    func hang() { state.withLock { $0.hangs = true } }

    func release() {
        let waiters = state.withLock { state in
            state.hangs = false
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters.forEach { $0.resume() }
    }

    func take(_ document: [UInt8]) async -> SpanExporter.Ending {
        let ending = state.withLock { state in
            state.documents.append(document)
            return state.endings.isEmpty ? .taken(refused: 0) : state.endings.removeFirst()
        }
        await withCheckedContinuation { continuation in
            let hangs = state.withLock { state in
                if state.hangs { state.waiters.append(continuation) }
                return state.hangs
            }
            if !hangs { continuation.resume() }
        }
        return ending
    }

    var documents: [[UInt8]] { state.withLock { $0.documents } }

    /// The spans of all documents.
    func spans() throws -> [WrittenObject] {
        try documents.flatMap { document in
            try WrittenObject(document).list("resourceSpans")[0].list("scopeSpans")[0].list("spans")
        }
    }
}

/// An object of a document, as its receiver reads it.
struct WrittenObject {
    private let members: [String: Any]

    init(_ document: [UInt8]) throws {
        members = try #require(
            try JSONSerialization.jsonObject(with: Data(document)) as? [String: Any]
        )
    }

    private init(_ members: [String: Any]) { self.members = members }

    func text(_ name: String) -> String? { members[name] as? String }

    func number(_ name: String) -> Int? { members[name] as? Int }

    func object(_ name: String) -> WrittenObject { WrittenObject(members[name] as? [String: Any] ?? [:]) }

    func list(_ name: String) -> [WrittenObject] {
        (members[name] as? [[String: Any]] ?? []).map { WrittenObject($0) }
    }

    /// The attributes of a span or a resource, by name, each with its kind of value.
    var attributes: [String: String] {
        Dictionary(
            list("attributes").map { attribute in
                let value = attribute.object("value").members
                return (attribute.text("key") ?? "", value.map { "\($0.key) \($0.value)" }.joined())
            }
        ) { first, _ in first }
    }
}
