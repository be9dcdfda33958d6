package import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import Synchronization

/// What a cursor holds: the last item of the page before. What is not of the list's kind is no position.
package enum Cursor {
    private static let idMark: UInt8 = 1
    private static let nameMark: UInt8 = 2
    private static let numberMark: UInt8 = 3

    package static func content(_ id: UUID) -> [UInt8] {
        let raw = id.uuid
        return [
            idMark, raw.0, raw.1, raw.2, raw.3, raw.4, raw.5, raw.6, raw.7, raw.8, raw.9, raw.10, raw.11,
            raw.12, raw.13, raw.14, raw.15,
        ]
    }

    package static func id(_ content: [UInt8]) -> UUID? {
        guard content.count == 17, content[0] == idMark else { return nil }
        return UUID(bytes: Array(content.dropFirst()))
    }

    package static func content(_ name: String) -> [UInt8] { [nameMark] + Array(name.utf8) }

    package static func name(_ content: [UInt8]) -> String? {
        guard content.count > 1, content[0] == nameMark else { return nil }
        return String(validating: content.dropFirst(), as: UTF8.self)
    }

    package static func content(_ number: Int64) -> [UInt8] {
        [numberMark] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    package static func number(_ content: [UInt8]) -> Int64? {
        guard content.count == 9, content[0] == numberMark else { return nil }
        return content.dropFirst().reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// Signs the places in one list, so that a cursor which was made up, cut, or given out for another list is refused.
package struct CursorSigner: Sendable {
    private static let tagLength = 16
    private let secret: [UInt8]
    private let list: [UInt8]

    /// - Parameters:
    ///   - secret: of the installation.
    ///   - path: the list's path, as its route has it.
    ///   - issuer: whose list it is; 0 is the installation's.
    package init(secret: [UInt8], path: String, issuer: Int32) {
        self.secret = secret
        list = Array("\(issuer) \(path)\n".utf8)
    }

    package func text(_ content: [UInt8]) -> String { Base64.urlEncode(content + tag(content)) }

    /// What a cursor of this list holds; `nil` for every other text.
    package func content(_ text: String) -> [UInt8]? {
        guard let bytes = try? Base64.urlDecode(text), bytes.count > Self.tagLength else { return nil }
        let content = Array(bytes.dropLast(Self.tagLength))
        return Digests.equal(tag(content), Array(bytes.suffix(Self.tagLength))) ? content : nil
    }

    private func tag(_ content: [UInt8]) -> [UInt8] {
        Array(Digests.hmacSHA256(key: secret, list + content).prefix(Self.tagLength))
    }
}

/// The installation's secret for cursors, read once.
final class CursorSecret: Sendable {
    private let store: OutboxStore
    private let known = Mutex<[UInt8]?>(nil)

    init(store: OutboxStore) {
        self.store = store
    }

    func value() async throws -> [UInt8] {
        if let secret = known.withLock({ $0 }) { return secret }
        let secret = try await store.cursorSecret()
        known.withLock { $0 = secret }
        return secret
    }
}

/// A page of a list: what was asked for, and where the next one begins.
struct Page<Item> {
    let items: [Item]
    let nextCursor: String?

    /// From one item more than asked for, which is how it is known that there are more.
    init(_ found: [Item], limit: Int, cursor: (Item) throws -> String) rethrows {
        items = Array(found.prefix(limit))
        nextCursor = try found.count > limit ? items.last.map(cursor) : nil
    }
}
