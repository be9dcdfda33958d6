import DeliveryPolicy
import FoundationEssentials
import StrictJSON

/// What is read survives its writing, breaks none of the narrower rules, and is what Foundation reads too.
func readJSON(_ bytes: [UInt8]) throws(BrokenProperty) {
    let value: JSON
    do {
        value = try JSON.parse(bytes)
    } catch {
        if case .malformed(_, let offset) = error {
            try require((0...bytes.count).contains(offset), "an offset is inside the document")
        }
        return
    }
    try require(text(bytes) != nil, "a document is UTF-8")
    try check(value, depth: 1)
    try require((try? JSON.parse(value.serialized())) == value, "a written value reads back as itself")
    let canonical = value.canonical()
    guard let again = try? JSON.parse(canonical) else { throw BrokenProperty("the canonical form is JSON") }
    try require(again.canonical() == canonical, "the canonical form is its own canonical form")
    if let other = try? JSONDecoder().decode(FoundationJSON.self, from: Data(bytes)) {
        try require(other.isSame(as: value), "Foundation reads the same value")
    } else {
        try require(hasOddNumber(value), "Foundation reads what the strict reader reads")
    }
}

private func check(_ value: JSON, depth: Int) throws(BrokenProperty) {
    switch value {
    case .null, .bool: return
    case .string(let text): try require(!text.utf8.contains(0), "no string has a NUL")
    case .number(let number):
        if let int = number.int {
            try require(number.double == Double(int), "a number is one value, as integer and as double")
        }
    case .array(let elements):
        try require(depth <= 32, "no value is nested deeper than 32")
        for element in elements { try check(element, depth: depth + 1) }
    case .object(let object):
        try require(depth <= 32, "no value is nested deeper than 32")
        let names = Set(object.members.map { Array($0.name.utf8) })
        try require(names.count == object.members.count, "no name is there twice")
        for member in object.members {
            try require(!member.name.utf8.contains(0), "no name has a NUL")
            try check(member.value, depth: depth + 1)
        }
    }
}

/// Beyond the largest double or below the least, where Foundation gives up and the strict reader keeps the text.
private func hasOddNumber(_ value: JSON) -> Bool {
    switch value {
    case .number(let number): number.double.map { $0 == 0 || $0.isSubnormal } ?? true
    case .array(let elements): elements.contains(where: hasOddNumber)
    case .object(let object): object.members.contains { hasOddNumber($0.value) }
    default: false
    }
}

/// JSON as Foundation reads it.
private enum FoundationJSON: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([FoundationJSON])
    case object([String: FoundationJSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let elements = try? value.decode([FoundationJSON].self) {
            self = .array(elements)
        } else {
            self = .object(try value.decode([String: FoundationJSON].self))
        }
    }

    func isSame(as other: JSON) -> Bool {
        switch (self, other) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.number(let left), .number(let right)): return left == right.double
        case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            // Foundation takes "é" in one scalar and in two for one name.
            guard Set(right.members.map(\.name)).count == right.members.count else { return true }
            return left.count == right.members.count
                && right.members.allSatisfy { left[$0.name]?.isSame(as: $0.value) == true }
        default: return false
        }
    }
}

/// A policy that is read is in its ranges and survives its writing.
func readOverrides(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes), let policy = try? DeliveryOverrides(stored: text) else { return }
    try require((try? DeliveryOverrides(stored: policy.json)) == policy, "a policy survives its writing")
    let timeout = policy.attemptTimeoutSeconds ?? 5
    try require(DeliveryOverrides.attemptTimeoutRange.contains(timeout), "a timeout is in its range")
    let waits = policy.retryWaitsSeconds ?? [1]
    try require(DeliveryOverrides.retryWaitCount.contains(waits.count), "there is a wait, and not too many")
    try require(waits.allSatisfy(DeliveryOverrides.retryWaitRange.contains), "each wait is in its range")
}
