/// Finds a member that an object of a JSON text has twice; decoders keep one of them without a word.
enum RepeatedMember {
    /// The first repeated name, as it is written, in a text that a JSON parser has accepted.
    static func first(in json: [UInt8]) -> String? {
        var seen: [Set<String>] = []
        var text: [UInt8] = []
        var inText = false
        var escaped = false
        for byte in json {
            if inText {
                if !escaped, byte == UInt8(ascii: "\"") {
                    inText = false
                } else {
                    text.append(byte)
                    escaped = !escaped && byte == UInt8(ascii: "\\")
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                inText = true
                text = []
            case UInt8(ascii: "{"):
                seen.append([])
            case UInt8(ascii: "}"):
                _ = seen.popLast()
            case UInt8(ascii: ":"):
                let name = String(decoding: text, as: UTF8.self)
                guard let last = seen.indices.last, seen[last].insert(name).inserted else { return name }
            default:
                break
            }
        }
        return nil
    }
}
