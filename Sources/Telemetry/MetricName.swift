/// Names as Prometheus allows them: every other character becomes `_`, and so does nothing at all.
enum MetricName {
    /// Letters, digits, `_` and `:`, no digit first.
    static func metric(_ text: String) -> String {
        cleaned(text, allowingColon: true)
    }

    /// Letters, digits and `_`, no digit first. `le` is a histogram's own, so a caller's becomes `le_`.
    static func label(_ text: String) -> String {
        let name = cleaned(text, allowingColon: false)
        return name == "le" ? "le_" : name
    }

    private static func cleaned(_ text: String, allowingColon: Bool) -> String {
        // Nearly every name is clean already, and a series may be looked up for each request.
        if text.utf8.allSatisfy(isPlain), !text.isEmpty { return text }
        var name = ""
        for scalar in text.unicodeScalars {
            let digit = ("0"..."9").contains(scalar)
            let letter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            if digit, name.isEmpty { name = "_" }
            name.unicodeScalars.append(
                digit || letter || (allowingColon && scalar == ":") ? scalar : "_"
            )
        }
        return name.isEmpty ? "_" : name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_")
    }
}
