/// Cuts out of an RP's text what looks like a token, before anything is kept of it.
///
/// RPs echo what they were sent. A logout token that sits in a delivery's record is one that any reader of the
/// record could send again, so neither a whole token nor a part of one is kept. What looks like one: base64url of
/// 40 characters and more (a part of any JWS or JWE, a key, a digest), and whatever begins like an encoded JSON object.
enum TokenTrace {
    /// What stands in place of it.
    static let replacement = "[redacted]"
    /// A part this long is no word; the shortest signature has 86 characters, an identifier 36.
    static let longestWord = 39
    /// How base64url of `{"` begins.
    private static let header = Array("eyJ".utf8)
    /// A part that begins like a header is cut out from this length on.
    private static let shortestHeader = 8

    /// The bytes without what looks like a token; the very same bytes where nothing does.
    static func removed(from bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.first {
            let run = rest.prefix(while: isPart)
            if run.isEmpty {
                kept.append(first)
                rest = rest.dropFirst()
                continue
            }
            let words = run.split(separator: dot)
            kept += words.contains(where: isSuspect) ? Array(replacement.utf8) : Array(run)
            rest = rest.dropFirst(run.count)
        }
        return kept
    }

    private static let dot = UInt8(ascii: ".")

    private static func isSuspect(_ word: ArraySlice<UInt8>) -> Bool {
        word.count > longestWord || (word.starts(with: header) && word.count >= shortestHeader)
    }

    /// The characters of a compact serialization, its dots included.
    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), dot:
            true
        default: false
        }
    }
}
