import Mustache

/// Every template, parsed once.
///
/// swift-mustache escapes by characters, and a quotation mark that a combining character follows is another character to it: it would pass
/// as it is, and end an attribute. So text is escaped here, byte by byte.
struct Pages: Sendable {
    private struct ByteEscaping: MustacheContentType {
        func escapeText(_ text: String) -> String {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.utf8.count + 16)
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "<"): bytes += "&lt;".utf8
                case UInt8(ascii: ">"): bytes += "&gt;".utf8
                case UInt8(ascii: "&"): bytes += "&amp;".utf8
                case UInt8(ascii: "\""): bytes += "&quot;".utf8
                case UInt8(ascii: "'"): bytes += "&#39;".utf8
                default: bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static let contentType = "LASTCALL"
    private let library: MustacheLibrary

    /// - Throws: what the parser of a template throws.
    init() throws {
        MustacheContentTypes.register(ByteEscaping(), named: Self.contentType)
        var library = MustacheLibrary()
        for (name, text) in PageText.templates {
            // A partial stands within a line: its own last line break would be a gap there.
            let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
            try library.register("{{% CONTENT_TYPE:\(Self.contentType)}}\n" + line, named: name)
        }
        self.library = library
    }

    /// Fills a template; text is escaped.
    func render(_ template: String, _ view: View) -> String {
        library.render(view, withTemplate: template) ?? ""
    }
}
