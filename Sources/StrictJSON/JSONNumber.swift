/// A JSON number as it was written, converted only where nothing is lost. Source: RFC 8259 §6.
///
/// Two numbers are equal when their texts are: `1` and `1.0` differ, their ``int`` does not.
public struct JSONNumber: Sendable, Hashable {
    /// The literal, which follows the grammar of RFC 8259 §6.
    public let text: String

    /// Takes a literal whose grammar the parser has checked.
    init(checked text: String) {
        self.text = text
    }

    /// A whole number.
    public init(_ value: Int64) {
        text = String(value)
    }

    /// The number as a double, rounded to the nearest; `nil` where it is beyond the largest double.
    public var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The number as an integer where it is exactly one that fits: `120`, `120.0` and `1.2e2` are, `0.5` is
    /// not.
    public var int: Int64? {
        if let value = Int64(text) { return value }
        var digits: [UInt8] = []
        var isNegative = false
        var exponent = 0
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            isNegative = true
            bytes = bytes.dropFirst()
        }
        var inFraction = false
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: ".") {
                inFraction = true
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                // A vast exponent is clamped: with it only zero is an integer that fits, and sums stay sums.
                let written = String(bytes) ?? ""
                let value = Int(written) ?? (written.utf8.first == UInt8(ascii: "-") ? .min : .max)
                exponent += min(max(value, -(1 << 40)), 1 << 40)
                break
            } else {
                digits.append(byte - UInt8(ascii: "0"))
                if inFraction { exponent -= 1 }
            }
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, exponent <= 19 else { return nil }
        // Accumulated below zero, where the range reaches one further than above.
        var value: Int64 = 0
        for digit in digits + Array(repeating: 0, count: exponent) {
            let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (next, borrowed) = tenfold.subtractingReportingOverflow(Int64(digit))
            guard !overflowed, !borrowed else { return nil }
            value = next
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}
