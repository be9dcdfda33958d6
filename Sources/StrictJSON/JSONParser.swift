/// Reads JSON from bytes in one pass: linear time, and a stack no deeper than `maximumDepth`.
struct JSONParser {
    let bytes: [UInt8]
    let maximumValues: Int
    let maximumDepth: Int
    private var values = 0
    var position = 0
    /// The way to the value that is being read, for pointers in errors.
    private var path: [Step] = []

    private enum Step {
        case member(String)
        case element(Int)
    }

    init(bytes: [UInt8], maximumValues: Int, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumValues = maximumValues
        self.maximumDepth = maximumDepth
    }

    /// The value, and nothing after it but white space.
    mutating func document() throws(JSONError) -> JSON {
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw .malformed(.byteOrderMark, offset: 0) }
        skipWhiteSpace()
        let value = try value()
        skipWhiteSpace()
        guard position == bytes.count else { throw .malformed(.trailingBytes, offset: position) }
        return value
    }

    /// The byte at the position.
    func byte() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw .malformed(.unexpectedEnd, offset: position) }
        return bytes[position]
    }

    /// The error for a byte that cannot stand at the position.
    func unexpected(_ byte: UInt8) -> JSONError {
        .malformed(byte == 0 ? .nul : .unexpectedByte(byte), offset: position)
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONError) -> JSON {
        let first = try byte()
        // A value in memory is many times its shortest text.
        values += 1
        guard values <= maximumValues else {
            throw .tooManyValues(maximumValues: maximumValues, offset: position)
        }
        switch first {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw unexpected(first)
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for expected in "\(word)".utf8 {
            let found = try byte()
            guard found == expected else { throw unexpected(found) }
            position += 1
        }
        return value
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try open()
        var object = JSONObject()
        guard try byte() != UInt8(ascii: "}") else {
            position += 1
            return object
        }
        while true {
            let nameOffset = position
            guard try byte() == UInt8(ascii: "\"") else { throw unexpected(try byte()) }
            let name = try string()
            path.append(.member(name))
            skipWhiteSpace()
            guard try byte() == UInt8(ascii: ":") else { throw unexpected(try byte()) }
            position += 1
            // The name is refused before its value is read: a long value must not hide the first error.
            guard object.position(of: name) == nil else {
                throw .duplicateMember(pointer: pointer, offset: nameOffset)
            }
            skipWhiteSpace()
            _ = object.append(name, try value())
            path.removeLast()
            if try close(with: UInt8(ascii: "}")) { return object }
        }
    }

    private mutating func array() throws(JSONError) -> [JSON] {
        try open()
        var elements: [JSON] = []
        guard try byte() != UInt8(ascii: "]") else {
            position += 1
            return elements
        }
        while true {
            path.append(.element(elements.count))
            elements.append(try value())
            path.removeLast()
            if try close(with: UInt8(ascii: "]")) { return elements }
        }
    }

    /// Steps past an opening bracket. The way to here has one step for each container that is open.
    private mutating func open() throws(JSONError) {
        guard path.count < maximumDepth else {
            throw .tooDeep(maximumDepth: maximumDepth, offset: position)
        }
        position += 1
        skipWhiteSpace()
    }

    /// Steps past the closing bracket, or past a comma and the white space after it.
    private mutating func close(with bracket: UInt8) throws(JSONError) -> Bool {
        skipWhiteSpace()
        let found = try byte()
        guard found == bracket || found == UInt8(ascii: ",") else { throw unexpected(found) }
        position += 1
        if found == bracket { return true }
        skipWhiteSpace()
        return false
    }

    private var pointer: String {
        path.reduce("") { pointer, step in
            switch step {
            case .member(let name): JSONPointer.member(name, of: pointer)
            case .element(let index): JSONPointer.element(index, of: pointer)
            }
        }
    }
}
