/// Base64, strict in both alphabets.
///
/// A text decodes only if encoding the result gives the same text: no whitespace, no stray or missing
/// padding, no bits left over. An empty text is refused, so a mistake never becomes an empty value.
///
/// Source: RFC 4648 §4 (standard) and §5 (URL-safe), RFC 7515 §2 (URL-safe without padding).
public enum Base64 {
    /// The URL-safe form without padding.
    ///
    /// - Parameter bytes: any number of bytes.
    /// - Returns: `A-Z a-z 0-9 - _` only.
    public static func urlEncode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        appendURL(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the URL-safe form without padding.
    ///
    /// - Parameter text: `A-Z a-z 0-9 - _` only.
    /// - Returns: at least one byte.
    /// - Throws: ``Base64Error``.
    public static func urlDecode(_ text: String) throws(Base64Error) -> [UInt8] {
        try decode(Array(text.utf8), alphabet: .url)
    }

    /// The standard form, padded.
    ///
    /// - Parameter bytes: any number of bytes.
    /// - Returns: `A-Z a-z 0-9 + /` and `=` at the end, where needed.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        append(bytes, alphabet: .standard, to: &text)
        text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - text.count % 4) % 4))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the standard form, padded.
    ///
    /// - Parameter text: `A-Z a-z 0-9 + /`, padded with `=` to a multiple of four.
    /// - Returns: at least one byte.
    /// - Throws: ``Base64Error``.
    public static func decode(_ text: String) throws(Base64Error) -> [UInt8] {
        var symbols = Array(text.utf8)
        guard symbols.count.isMultiple(of: 4) else { throw .length(symbols.count) }
        for _ in 0..<2 where symbols.last == UInt8(ascii: "=") { symbols.removeLast() }
        return try decode(symbols, alphabet: .standard)
    }

    /// Appends the URL-safe form of `bytes` without padding.
    static func appendURL(_ bytes: [UInt8], to text: inout [UInt8]) {
        append(bytes, alphabet: .url, to: &text)
    }

    private static func append(_ bytes: [UInt8], alphabet: Alphabet, to text: inout [UInt8]) {
        let symbols = alphabet.symbols
        text.reserveCapacity(text.count + (bytes.count * 4 + 2) / 3)
        var index = 0
        while index + 2 < bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            text.append(symbols[Int(group >> 18)])
            text.append(symbols[Int(group >> 12 & 63)])
            text.append(symbols[Int(group >> 6 & 63)])
            text.append(symbols[Int(group & 63)])
            index += 3
        }
        switch bytes.count - index {
        case 1:
            text.append(symbols[Int(bytes[index] >> 2)])
            text.append(symbols[Int(bytes[index] << 4 & 63)])
        case 2:
            let group = UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
            text.append(symbols[Int(group >> 10)])
            text.append(symbols[Int(group >> 4 & 63)])
            text.append(symbols[Int(group << 2 & 63)])
        default:
            break
        }
    }

    private static func decode(_ text: [UInt8], alphabet: Alphabet) throws(Base64Error) -> [UInt8] {
        guard !text.isEmpty, text.count % 4 != 1 else { throw .length(text.count) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending: UInt32 = 0
        var bits = 0
        for (index, symbol) in text.enumerated() {
            guard let value = alphabet.value(of: symbol) else { throw .character(at: index) }
            pending = pending << 6 | UInt32(value)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            pending &= (1 << UInt32(bits)) - 1
        }
        guard pending == 0 else { throw .trailingBits }
        return bytes
    }

    private enum Alphabet {
        case standard, url

        private static let common =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz" + "0123456789"
        private static let standardSymbols = Array((common + "+/").utf8)
        private static let urlSymbols = Array((common + "-_").utf8)

        var symbols: [UInt8] { self == .standard ? Self.standardSymbols : Self.urlSymbols }

        func value(of symbol: UInt8) -> UInt8? {
            switch symbol {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): symbol - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): symbol - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol - UInt8(ascii: "0") + 52
            case symbols[62]: 62
            case symbols[63]: 63
            default: nil
            }
        }
    }
}

/// Why a text is not base64.
public enum Base64Error: Error, Sendable, Hashable {
    /// No text of this many characters is the encoding of anything.
    case length(Int)
    /// The character at this offset, counted from 0, is not of the alphabet.
    case character(at: Int)
    /// The last character carries bits that belong to no byte.
    case trailingBits
}
