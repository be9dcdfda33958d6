import Foundation
import StrictJSON

extension JSON {
    /// A plain value as people read it; `nil` for objects and arrays.
    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "yes" : "no"
        case .null: ""
        case .array, .object: nil
        }
    }

    /// All of it on one line, as programs read it.
    var line: String { String(decoding: serialized(), as: UTF8.self) }

    /// As people read it: objects as `name=value`, arrays with commas, and nothing that a terminal would obey.
    var shown: String {
        if let text { return text.harmless }
        switch self {
        case .object(let object) where object.members.allSatisfy({ $0.value.isFlat }):
            return object.members.map { "\($0.name.harmless)=\($0.value.shown)" }.joined(separator: " ")
        case .array(let elements) where elements.allSatisfy({ $0.text != nil }):
            return elements.map(\.shown).joined(separator: ",")
        default: return line.harmless
        }
    }

    private var isFlat: Bool {
        if case .array(let elements) = self { return elements.allSatisfy { $0.text != nil } }
        return text != nil
    }

    /// The JSON in a file, or on standard input for `-`.
    static func read(_ file: String) throws -> JSON {
        do {
            return try JSON.parse(Array(try readInput(file)), maximumBytes: 67_108_864)
        } catch let error as JSONError {
            throw Failure("\(file): \(error.detail)")
        }
    }
}

extension String {
    /// Without what moves a terminal's cursor or turns the direction of text: names and errors come from elsewhere.
    var harmless: String {
        guard unicodeScalars.contains(where: \.isObeyed) else { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars { text.append(scalar.isObeyed ? "\u{FFFD}" : scalar) }
        return String(text)
    }
}

extension Unicode.Scalar {
    fileprivate var isObeyed: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// A file's bytes, or standard input for `-`.
func readInput(_ file: String) throws -> Data {
    if file == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    guard let data = FileManager.default.contents(atPath: file) else {
        throw Failure("\(file) cannot be read")
    }
    return data
}
