/// What is wrong with one member of an object.
public enum MemberProblem: Sendable, Hashable {
    /// The member is required and absent.
    case missing
    /// The member holds another kind of value.
    case wrongType(expected: JSONKind)
    /// The string or array must hold something.
    case empty
    /// The string is longer than this many bytes of UTF-8.
    case tooLong(maximumBytes: Int)
    /// The array has more than this many elements.
    case tooMany(maximumCount: Int)
    /// The string has a control character: U+0000 to U+001F, U+007F to U+009F.
    case controlCharacter
    /// The number is outside what is allowed, such as `0.5 to 60`.
    case outOfRange(allowed: String)
    /// The string is none of these.
    case notAllowed(allowed: [String])
    /// No member of this name belongs here.
    case unknown
    /// The value breaks a rule of its own, given as one whole sentence.
    case breaksRule(String)

    /// One sentence for whoever sent the member.
    public var detail: String {
        switch self {
        case .missing: "The member is required."
        case .wrongType(let expected): "The value must be \(expected.phrase)."
        case .empty: "The value must not be empty."
        case .tooLong(let maximumBytes): "The value is longer than \(maximumBytes) bytes."
        case .tooMany(let maximumCount): "The value has more than \(maximumCount) elements."
        case .controlCharacter: "The value must not contain control characters."
        case .outOfRange(let allowed): "The value must be from \(allowed)."
        case .notAllowed(let allowed): "The value must be one of: \(allowed.joined(separator: ", "))."
        case .unknown: "The member is not known here."
        case .breaksRule(let sentence): sentence
        }
    }
}

/// The kinds of value that a member can be asked for.
public enum JSONKind: Sendable, Hashable {
    /// A whole number that fits.
    case integer
    /// Any number.
    case number
    /// A string.
    case string
    /// `true` or `false`.
    case boolean
    /// An array.
    case array
    /// An object.
    case object

    /// The kind as the end of a sentence.
    var phrase: String {
        switch self {
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .boolean: "true or false"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
