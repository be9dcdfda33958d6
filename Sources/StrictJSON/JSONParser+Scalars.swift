/// Numbers and strings.
extension JSONParser {
    /// The longest number that is read, in bytes: far longer than any double is written.
    static let longestNumber = 128

    /// A number by the grammar of RFC 8259 §6.
    mutating func number() throws(JSONError) -> JSONNumber {
        let start = position
        if try byte() == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = try byte()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        // What follows a complete number is for the caller to judge, but a digit or a point after a leading
        // zero is a mistake in the number itself.
        if position < bytes.count, isDigit(bytes[position]) || bytes[position] == UInt8(ascii: ".") {
            throw .malformed(.invalidNumber, offset: position)
        }
        guard position - start <= Self.longestNumber else { throw .malformed(.invalidNumber, offset: start) }
        return JSONNumber(checked: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        guard isDigit(try byte()) else { throw .malformed(.invalidNumber, offset: position) }
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// A string, from its opening quote to past its closing one.
    mutating func string() throws(JSONError) -> String {
        position += 1
        var runStart = position
        var unescaped: [UInt8] = []
        while true {
            let byte = try byte()
            switch byte {
            case UInt8(ascii: "\""):
                let run = bytes[runStart..<position]
                position += 1
                if unescaped.isEmpty { return String(decoding: run, as: UTF8.self) }
                unescaped.append(contentsOf: run)
                return String(decoding: unescaped, as: UTF8.self)
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: bytes[runStart..<position])
                try escape(into: &unescaped)
                runStart = position
            case 0:
                throw .malformed(.nul, offset: position)
            case 0x01..<0x20:
                throw .malformed(.controlCharacter, offset: position)
            case 0x20..<0x80:
                position += 1
            default:
                position += try sequenceLength()
            }
        }
    }

    /// One escape of RFC 8259 §7, from its backslash.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        let start = position
        position += 1
        let letter = try byte()
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "u"): unescaped.append(contentsOf: String(try escapedScalar(from: start)).utf8)
        default: throw .malformed(.invalidEscape, offset: start)
        }
    }

    /// The scalar of a `\u` escape, or of two that make a surrogate pair.
    private mutating func escapedScalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try fourHexDigits()
        guard unit != 0 else { throw .malformed(.nul, offset: start) }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(unit)) else { throw .malformed(.loneSurrogate, offset: start) }
        for expected in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
            guard try byte() == expected else { throw .malformed(.loneSurrogate, offset: start) }
            position += 1
        }
        let trail = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(trail) else { throw .malformed(.loneSurrogate, offset: start) }
        guard let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (trail - 0xDC00)) else {
            throw .malformed(.loneSurrogate, offset: start)
        }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexValue(try byte()) else { throw .malformed(.invalidEscape, offset: position) }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// The length of the well-formed sequence of two to four bytes at the position.
    ///
    /// Source: The Unicode Standard, table 3-7: the second byte alone keeps out overlong forms, surrogates
    /// and what lies beyond U+10FFFF.
    private func sequenceLength() throws(JSONError) -> Int {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[position] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: throw .malformed(.invalidUTF8, offset: position)
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else {
            throw .malformed(.invalidUTF8, offset: position)
        }
        for next in bytes[(position + 2)..<(position + length)] where next & 0xC0 != 0x80 {
            throw .malformed(.invalidUTF8, offset: position)
        }
        return length
    }
}
