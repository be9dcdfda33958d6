import FoundationEssentials
import LogoutModel
import LogoutTokens

/// Opaque places in a list. A cursor that was not made here, or for another kind of list, is refused.
enum Cursor {
    private static let idMark: UInt8 = 1
    private static let nameMark: UInt8 = 2
    private static let placeMark: UInt8 = 3

    static func text(_ id: UUID) -> String {
        let raw = id.lowercased.filter { $0 != "-" }
        return Base64.urlEncode([idMark] + Array(raw.utf8))
    }

    static func id(_ text: String) -> UUID? {
        guard let bytes = try? Base64.urlDecode(text), bytes.first == idMark, bytes.count == 33 else {
            return nil
        }
        // Bytes, not characters: what stands here came from outside and need not be 32 characters.
        var digits = Array(bytes.dropFirst())
        for place in [8, 13, 18, 23] { digits.insert(UInt8(ascii: "-"), at: place) }
        return String(validating: digits, as: UTF8.self).flatMap(UUID.init(strict:))
    }

    static func text(_ name: String) -> String {
        Base64.urlEncode([nameMark] + Array(name.utf8))
    }

    static func name(_ text: String) -> String? {
        guard let bytes = try? Base64.urlDecode(text), bytes.first == nameMark, bytes.count > 1 else {
            return nil
        }
        return String(validating: bytes.dropFirst(), as: UTF8.self)
    }

    static func text(_ place: Int64) -> String {
        Base64.urlEncode([placeMark] + (0..<8).map { UInt8(truncatingIfNeeded: place >> (56 - 8 * $0)) })
    }

    static func place(_ text: String) -> Int64? {
        guard let bytes = try? Base64.urlDecode(text), bytes.first == placeMark, bytes.count == 9 else {
            return nil
        }
        return bytes.dropFirst().reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// A page of a list: what was asked for, and where the next one begins.
struct Page<Item> {
    let items: [Item]
    let nextCursor: String?

    /// From one item more than asked for, which is how it is known that there are more.
    init(_ found: [Item], limit: Int, cursor: (Item) -> String) {
        items = Array(found.prefix(limit))
        nextCursor = found.count > limit ? items.last.map(cursor) : nil
    }
}
