import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

/// Reads a query strictly: names that nobody asked for, malformed encodings and repeated single values are refused.
package struct QueryReader {
    private var values: [String: [String]] = [:]
    private var unread: Set<String> = []
    private let cursors: CursorSigner?

    /// Splits `name=value&...`; `+` is a space, as HTML forms and common clients write it.
    ///
    /// `cursors`: knows the cursors of the list that is called, where it is one.
    package init(_ query: String, cursors: CursorSigner?) throws {
        self.cursors = cursors
        // Cut at bytes, as every other reader does: a sign that a combining character follows is a sign too.
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = parts.first.flatMap({ percentDecoded(Substring($0), plusIsSpace: true) }),
                let value = percentDecoded(parts.count > 1 ? Substring(parts[1]) : "", plusIsSpace: true)
            else { throw Problem.invalidRequest("The query is not well encoded.") }
            values[name, default: []].append(value)
            unread.insert(name)
        }
    }

    package mutating func all(_ name: String) -> [String] {
        unread.remove(name)
        return values[name] ?? []
    }

    mutating func single(_ name: String) throws -> String? {
        let found = all(name)
        guard found.count <= 1 else { throw Problem.invalidRequest("The query has \(name) more than once.") }
        return found.first
    }

    mutating func identifier(_ name: String, _ grammar: Grammar = .identifier) throws -> String? {
        guard let value = try single(name) else { return nil }
        guard grammar.accepts(value) else { throw Problem.invalidRequest("\(name): \(grammar.rule)") }
        return value
    }

    mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Word.Type)
        throws -> Word?
    {
        try single(name).map { try Self.word($0, name, type) }
    }

    mutating func words<Word: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Word.Type)
        throws -> [Word]
    {
        try all(name).map { try Self.word($0, name, type) }
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String,
        _ name: String,
        _ type: Word.Type
    ) throws -> Word {
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalidRequest("\(name) must be one of: \(known).")
        }
        return word
    }

    mutating func time(_ name: String) throws -> Timestamp? {
        guard let text = try single(name) else { return nil }
        guard let time = Timestamp(text: text) else {
            throw Problem.invalidRequest(
                "\(name) must be an RFC 3339 time, for example 2026-11-21T02:35:00Z."
            )
        }
        return time
    }

    mutating func id(_ name: String) throws -> UUID? {
        guard let text = try single(name) else { return nil }
        guard let id = UUID(strict: text) else { throw Problem.invalidRequest("\(name) must be a UUID.") }
        return id
    }

    mutating func flag(_ name: String) throws -> Bool {
        switch try single(name) {
        case nil, "false": false
        case "true": true
        default: throw Problem.invalidRequest("\(name) must be true or false.")
        }
    }

    mutating func limit() throws -> Int {
        guard let text = try single("limit") else { return 100 }
        guard let limit = Int(text), (1...1_000).contains(limit), "\(limit)" == text else {
            throw Problem.invalidRequest("limit must be a number from 1 to 1000.")
        }
        return limit
    }

    mutating func window() throws -> IDWindow {
        var window = IDWindow(limit: try limit() + 1)
        window.cursor = try cursor(Cursor.id)
        window.from = try time("created_after")
        window.before = try time("created_before")
        return window
    }

    mutating func cursor<Position>(_ decode: ([UInt8]) -> Position?) throws -> Position? {
        guard let text = try single("cursor") else { return nil }
        guard let position = cursors?.content(text).flatMap(decode) else {
            throw Problem.invalidRequest("The cursor is not one that this list has given out.")
        }
        return position
    }

    /// Refuses what nobody has read.
    package func finish() throws {
        guard let name = unread.min() else { return }
        // The name came from outside: only a short and harmless one is said again.
        let isHarmless = Grammar.clientID.accepts(name) && isRepeatable(name)
        let shown = isHarmless ? "The query member \(name)" : "A member of the query"
        throw Problem.invalidRequest("\(shown) is not known here.")
    }
}

extension UUID {
    /// Reads 36 characters of RFC 9562 section 4 in either case, and nothing looser.
    init?(strict text: String) {
        guard text.utf8.count == 36 else { return nil }
        self.init(uuidString: text)
    }
}
