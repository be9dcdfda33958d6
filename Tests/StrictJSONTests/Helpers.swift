import StrictJSON

/// The number in a document that is nothing else.
func number(_ text: String) throws -> JSONNumber {
    guard case .number(let number) = try JSON.parse(text.utf8) else {
        throw JSONError.malformed(.invalidNumber, offset: 0)
    }
    return number
}

/// A small repeatable source of bytes (xorshift), so that a failure can be run again.
struct Draws {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
