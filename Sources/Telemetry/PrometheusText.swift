/// The Prometheus text exposition format, version 0.0.4, piece by piece.
struct PrometheusText {
    private(set) var bytes: [UInt8] = []

    /// The lines before the samples of one name.
    mutating func header(name: String, help: String?, kind: MetricKind) {
        if let help {
            bytes += "# HELP \(name) ".utf8
            Self.append(help, escapingQuotes: false, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes += "# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    /// One sample.
    ///
    /// - Parameters:
    ///   - name: of the sample, such as `x_bucket` for a histogram `x`.
    ///   - labels: as in ``MetricLabels/text``.
    ///   - bound: the bucket's upper bound, its `le`.
    ///   - value: the number.
    mutating func sample(_ name: String, labels: [UInt8], bound: Double? = nil, value: Double) {
        bytes += name.utf8
        if !labels.isEmpty || bound != nil {
            bytes.append(UInt8(ascii: "{"))
            bytes += labels
            if let bound {
                if !labels.isEmpty { bytes.append(UInt8(ascii: ",")) }
                bytes += "le=\"\(Self.number(bound))\"".utf8
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += " \(Self.number(value))\n".utf8
    }

    /// Whole numbers without a fraction, others as short as they read back exactly.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        // Beyond 2^53 not every whole number is a Double; the digits would pretend otherwise.
        if abs(value) < 9_007_199_254_740_992, let whole = Int64(exactly: value) { return String(whole) }
        return value.description
    }

    /// Appends text with `\` and newline escaped, and `"` in label values.
    static func append(_ text: String, escapingQuotes: Bool, to out: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case UInt8(ascii: "\n"): out += "\\n".utf8
            case UInt8(ascii: "\"") where escapingQuotes: out += "\\\"".utf8
            default: out.append(byte)
            }
        }
    }
}
