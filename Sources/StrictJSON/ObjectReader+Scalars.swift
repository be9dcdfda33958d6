/// Which characters a string may have.
public enum TextRule: Sendable, Hashable {
    /// At least one character, none of them a control character (U+0000 to U+001F, U+007F to U+009F).
    case line
    /// Anything, also nothing.
    case free
}

/// Strings, numbers and booleans: each required, and each optional.
extension ObjectReader {
    /// A string of at most `maximumBytes` bytes of UTF-8.
    public mutating func string(
        _ name: String,
        maximumBytes: Int,
        text: TextRule = .line
    ) throws(JSONError) -> String {
        try checkedString(try requiredValue(name), name, maximumBytes, text)
    }

    /// A string of at most `maximumBytes` bytes of UTF-8, or `nil`.
    public mutating func optionalString(
        _ name: String,
        maximumBytes: Int,
        text: TextRule = .line
    ) throws(JSONError) -> String? {
        guard let value = presentValue(name) else { return nil }
        return try checkedString(value, name, maximumBytes, text)
    }

    /// A whole number in a range.
    public mutating func int(_ name: String, _ range: ClosedRange<Int>) throws(JSONError) -> Int {
        try checkedInt(try requiredValue(name), name, range)
    }

    /// A whole number in a range, or `nil`.
    public mutating func optionalInt(_ name: String, _ range: ClosedRange<Int>) throws(JSONError) -> Int? {
        guard let value = presentValue(name) else { return nil }
        return try checkedInt(value, name, range)
    }

    /// A number in a range.
    public mutating func double(_ name: String, _ range: ClosedRange<Double>) throws(JSONError) -> Double {
        try number(try requiredValue(name), at: JSONPointer.member(name, of: pointer), range)
    }

    /// A number in a range, or `nil`.
    public mutating func optionalDouble(
        _ name: String,
        _ range: ClosedRange<Double>
    ) throws(JSONError) -> Double? {
        guard let value = presentValue(name) else { return nil }
        return try number(value, at: JSONPointer.member(name, of: pointer), range)
    }

    /// `true` or `false`.
    public mutating func bool(_ name: String) throws(JSONError) -> Bool {
        try checkedBool(try requiredValue(name), name)
    }

    /// `true` or `false`, or `nil`.
    public mutating func optionalBool(_ name: String) throws(JSONError) -> Bool? {
        guard let value = presentValue(name) else { return nil }
        return try checkedBool(value, name)
    }

    /// One of the strings that a type lists.
    public mutating func enumeration<T>(
        _ name: String,
        of type: T.Type
    ) throws(JSONError) -> T where T: RawRepresentable<String> & CaseIterable {
        try checkedCase(try requiredValue(name), name)
    }

    /// One of the strings that a type lists, or `nil`.
    public mutating func optionalEnumeration<T>(
        _ name: String,
        of type: T.Type
    ) throws(JSONError) -> T? where T: RawRepresentable<String> & CaseIterable {
        guard let value = presentValue(name) else { return nil }
        return try checkedCase(value, name)
    }

    private func checkedString(
        _ value: JSON,
        _ name: String,
        _ maximumBytes: Int,
        _ text: TextRule
    ) throws(JSONError) -> String {
        guard case .string(let string) = value else { throw error(name, .wrongType(expected: .string)) }
        if let problem = problem(with: string, maximumBytes, text) { throw error(name, problem) }
        return string
    }

    private func checkedInt(
        _ value: JSON,
        _ name: String,
        _ range: ClosedRange<Int>
    ) throws(JSONError) -> Int {
        guard case .number(let number) = value else { throw error(name, .wrongType(expected: .integer)) }
        guard let int = number.int.map(Int.init(_:)) else {
            // No integer: too large to be one, or one with a fraction.
            let isTooLarge = number.double.map { $0.magnitude >= 0x1p63 } ?? true
            throw error(name, isTooLarge ? range.problem : .wrongType(expected: .integer))
        }
        guard range.contains(int) else { throw error(name, range.problem) }
        return int
    }

    private func checkedBool(_ value: JSON, _ name: String) throws(JSONError) -> Bool {
        guard case .bool(let bool) = value else { throw error(name, .wrongType(expected: .boolean)) }
        return bool
    }

    private func checkedCase<T>(
        _ value: JSON,
        _ name: String
    ) throws(JSONError) -> T where T: RawRepresentable<String> & CaseIterable {
        guard case .string(let string) = value else { throw error(name, .wrongType(expected: .string)) }
        guard let match = T.allCases.first(where: { sameBytes($0.rawValue, string) }) else {
            throw error(name, .notAllowed(allowed: T.allCases.map(\.rawValue)))
        }
        return match
    }

    /// What is wrong with a string, if anything.
    func problem(with string: String, _ maximumBytes: Int, _ text: TextRule) -> MemberProblem? {
        if string.utf8.count > maximumBytes { return .tooLong(maximumBytes: maximumBytes) }
        guard text == .line else { return nil }
        if string.isEmpty { return .empty }
        return hasControlCharacter(string) ? .controlCharacter : nil
    }

    /// A number in a range, wherever it is.
    func number(
        _ value: JSON,
        at pointer: String,
        _ range: ClosedRange<Double>
    ) throws(JSONError) -> Double {
        guard case .number(let number) = value else {
            throw .member(pointer: pointer, problem: .wrongType(expected: .number))
        }
        guard let double = number.double, range.contains(double) else {
            let allowed = "\(shortestText(of: range.lowerBound)) to \(shortestText(of: range.upperBound))"
            throw .member(pointer: pointer, problem: .outOfRange(allowed: allowed))
        }
        return double
    }
}

extension ClosedRange<Int> {
    /// The problem of a number outside this range.
    fileprivate var problem: MemberProblem {
        .outOfRange(allowed: "\(lowerBound) to \(upperBound)")
    }
}
