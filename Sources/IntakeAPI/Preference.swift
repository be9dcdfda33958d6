/// What the `Prefer` header fields of a call say. Source: RFC 7240 section 2.
package enum Preference {
    /// The longest wait that is granted, in seconds.
    package static let longestWait = 30

    /// The wait in seconds that the caller prefers; `nil` where there is none that is granted, which is no error.
    ///
    /// Names are compared without case, parameters are passed over, and of a preference that is given twice the first counts.
    package static func wait(_ fields: [String]) -> Int? {
        for element in fields.flatMap({ parts(of: $0, separatedBy: ",") }) {
            guard let preference = parts(of: element, separatedBy: ";").first else { continue }
            let sides = parts(of: preference, separatedBy: "=").map(trimmed)
            guard sides[0].lowercased() == "wait" else { continue }
            guard sides.count == 2, let digits = word(sides[1]), !digits.isEmpty,
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int(digits),
                (1...longestWait).contains(seconds)
            else { return nil }
            return seconds
        }
        return nil
    }

    /// Splits at a separator outside quoted strings.
    private static func parts(of text: some StringProtocol, separatedBy separator: Character) -> [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if !isQuoted, character == separator {
                parts.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && character == "\\" && !isEscaped
            parts[parts.count - 1].append(character)
        }
        return parts
    }

    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }

    /// The value of a token or a quoted string (RFC 9110 section 5.6.4); `nil` where the quotes do not match.
    private static func word(_ text: String) -> String? {
        guard text.hasPrefix("\"") else { return text.contains("\"") ? nil : text }
        guard text.count >= 2, text.hasSuffix("\"") else { return nil }
        var value = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                guard character != "\"" || isEscaped else { return nil }
                value.append(character)
                isEscaped = false
            }
        }
        return isEscaped ? nil : value
    }
}
