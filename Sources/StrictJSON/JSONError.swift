/// Why a JSON document, or a member of it, is refused.
public enum JSONError: Error, Sendable, Hashable {
    /// The document is longer than the caller reads.
    case tooLarge(bytes: Int, maximumBytes: Int)
    /// The bytes are not the JSON that Lastcall reads; `offset` counts bytes from 0.
    case malformed(SyntaxProblem, offset: Int)
    /// More arrays and objects are open at `offset` than the caller reads.
    case tooDeep(maximumDepth: Int, offset: Int)
    /// The document holds more values than the caller reads; the first that is too much is at `offset`.
    case tooManyValues(maximumValues: Int, offset: Int)
    /// The member at this JSON pointer is there a second time; `offset` is where its second name begins.
    case duplicateMember(pointer: String, offset: Int)
    /// The member at this JSON pointer breaks a rule of its own.
    case member(pointer: String, problem: MemberProblem)

    /// What is wrong with the bytes.
    public enum SyntaxProblem: Sendable, Hashable {
        /// The document ends before its value does.
        case unexpectedEnd
        /// The document begins with U+FEFF (RFC 8259 §8.1).
        case byteOrderMark
        /// The bytes are not UTF-8: overlong, a surrogate, beyond U+10FFFF or cut short.
        case invalidUTF8
        /// A NUL, raw or as `\u0000`.
        case nul
        /// A raw control character inside a string.
        case controlCharacter
        /// A backslash that begins no escape of RFC 8259 §7.
        case invalidEscape
        /// A `\u` escape of a surrogate without its other half.
        case loneSurrogate
        /// A number that breaks the grammar of RFC 8259 §6.
        case invalidNumber
        /// A byte that cannot stand here.
        case unexpectedByte(UInt8)
        /// Something follows the value.
        case trailingBytes
    }

    /// A JSON pointer (RFC 6901) to the member that is meant, where there is one.
    public var pointer: String? {
        switch self {
        case .tooLarge, .malformed, .tooDeep, .tooManyValues: nil
        case .duplicateMember(let pointer, _), .member(let pointer, _): pointer
        }
    }

    /// One sentence for whoever sent the document.
    public var detail: String {
        switch self {
        case .tooLarge(_, let maximumBytes):
            "The document is longer than \(maximumBytes) bytes."
        case .malformed(let problem, let offset):
            "The document is not valid JSON at byte \(offset): \(problem.phrase)."
        case .tooDeep(let maximumDepth, let offset):
            "The document is nested deeper than \(maximumDepth) at byte \(offset)."
        case .tooManyValues(let maximumValues, let offset):
            "The document holds more than \(maximumValues) values: one too many is at byte \(offset)."
        case .duplicateMember:
            "The member is there twice."
        case .member(_, let problem):
            problem.detail
        }
    }
}

extension JSONError.SyntaxProblem {
    /// The problem as the end of a sentence.
    var phrase: String {
        switch self {
        case .unexpectedEnd: "it ends too early"
        case .byteOrderMark: "it begins with a byte order mark"
        case .invalidUTF8: "the bytes are not UTF-8"
        case .nul: "NUL is not allowed"
        case .controlCharacter: "a control character in a string must be escaped"
        case .invalidEscape: "the escape is not known"
        case .loneSurrogate: "half of a surrogate pair stands alone"
        case .invalidNumber: "the number is malformed"
        case .unexpectedByte(let byte): "byte 0x\(String(byte, radix: 16)) cannot stand here"
        case .trailingBytes: "something follows the value"
        }
    }
}
