/// A piece of a page. Text is escaped where it is added, so nothing that is shown can become markup.
struct HTML {
    private(set) var markup = ""

    /// Attributes, in their order.
    typealias Attributes = KeyValuePairs<String, String>

    /// Elements that have no content and no end.
    private static let void: Set = ["meta", "link", "wbr"]

    /// Adds an element with what `content` adds to it.
    mutating func element(
        _ name: String,
        _ attributes: Attributes = [:],
        _ content: (inout HTML) -> Void = { _ in }
    ) {
        markup += "<\(name)"
        for (name, value) in attributes { markup += " \(name)=\"\(Self.escaped(value))\"" }
        markup += ">"
        guard !Self.void.contains(name) else { return }
        content(&self)
        markup += "</\(name)>"
    }

    /// Adds an element with a text.
    mutating func element(_ name: String, _ attributes: Attributes = [:], text: String) {
        element(name, attributes) { $0.text(text) }
    }

    /// Adds text.
    mutating func text(_ text: String) {
        markup += Self.escaped(text)
    }

    /// Adds a path that may be broken behind its slashes.
    mutating func path(_ path: String) {
        for (place, part) in path.split(separator: "/").enumerated() {
            if place > 0 { element("wbr") }
            text("/\(part)")
        }
    }

    /// Adds what is known to be harmless: the style sheet.
    mutating func raw(_ markup: String) {
        self.markup += markup
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
