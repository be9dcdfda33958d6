import StrictJSON

/// Reading what the API answers.
extension JSON {
    /// The text of a string or a number.
    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        default: nil
        }
    }

    var isTrue: Bool { self == .bool(true) }
}
