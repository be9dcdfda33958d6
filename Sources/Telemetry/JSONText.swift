/// JSON strings for log lines.
///
/// Source: RFC 8259 §7. Besides what it demands, everything is escaped that a terminal or a splitter of lines
/// acts on: DEL, the C1 controls (U+0080 to U+009F), and the separators U+2028 and U+2029.
enum JSONText {
    /// The most bytes that one string takes as written, without its quotes and the mark of a cut.
    static let longest = 4096

    /// Appends a string with its quotes. One longer than ``longest`` is cut between two characters and ends in a
    /// mark with the number of UTF-8 bytes left out: `…[+17 bytes]`.
    static func append(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        if text.utf8.count <= longest, text.utf8.allSatisfy(isPlain) {
            out += text.utf8
        } else {
            appendEscaped(text, to: &out)
        }
        out.append(UInt8(ascii: "\""))
    }

    /// Printable ASCII that stands for itself, which nearly all text is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func appendEscaped(_ text: String, to out: inout [UInt8]) {
        let limit = out.count + longest
        var taken = 0
        for scalar in text.unicodeScalars {
            let start = out.count
            append(scalar, to: &out)
            guard out.count <= limit else {
                out.removeLast(out.count - start)
                out += "…[+\(text.utf8.count - taken) bytes]".utf8
                break
            }
            taken += UTF8.width(scalar)
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
        switch scalar.value {
        case 0x22, 0x5C: out += [UInt8(ascii: "\\"), UInt8(scalar.value)]
        case 0x0A: out += "\\n".utf8
        case 0x0D: out += "\\r".utf8
        case 0x09: out += "\\t".utf8
        case 0x20..<0x7F: out.append(UInt8(scalar.value))
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
            out += "\\u".utf8
            for shift in [12, 8, 4, 0] { out.append(hexDigits[Int(scalar.value >> UInt32(shift)) & 15]) }
        default: out += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
