/// Whether two strings are the same sequence of UTF-8 bytes.
///
/// Swift's `==` equates canonically equivalent strings, such as "é" in one scalar and in two; identifiers
/// of OpenID Connect are compared without any normalization. Source: OpenID Connect Core 1.0 §14.
public func sameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}

/// Whether a string has a control character: U+0000 to U+001F or U+007F to U+009F.
public func hasControlCharacter(_ text: String) -> Bool {
    var previous: UInt8 = 0
    for byte in text.utf8 {
        // U+0080 to U+009F are the bytes C2 80 to C2 9F.
        if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return true }
        previous = byte
    }
    return false
}

/// A string as a dictionary key that compares and hashes by its UTF-8 bytes.
struct ByteKey: Hashable, Sendable {
    let text: String

    static func == (left: ByteKey, right: ByteKey) -> Bool {
        sameBytes(left.text, right.text)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combineBytes(of: text)
    }
}

extension Hasher {
    /// Feeds the UTF-8 bytes of a string, where `combine` would feed its normalized form.
    mutating func combineBytes(of text: String) {
        var text = text
        text.withUTF8 { bytes in
            unsafe combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        combine(text.utf8.count)
    }
}
