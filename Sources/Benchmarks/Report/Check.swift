/// Something that must hold, or the figures beside it mean nothing.
public struct Check: Sendable, Hashable {
    /// What must hold, as a sentence without a full stop.
    public let sentence: String
    /// Whether it does.
    public let holds: Bool
    /// What was found.
    public let detail: String

    /// Makes a check.
    ///
    /// - Parameters:
    ///   - sentence: what must hold.
    ///   - holds: whether it does.
    ///   - detail: what was found.
    public init(_ sentence: String, _ holds: Bool, detail: String = "") {
        (self.sentence, self.holds, self.detail) = (sentence, holds, detail)
    }

    /// Two counts that must be the same.
    ///
    /// - Parameters:
    ///   - sentence: what must hold.
    ///   - found: what was counted.
    ///   - expected: what it must be.
    /// - Returns: the check.
    public static func equal(_ sentence: String, _ found: Int, _ expected: Int) -> Check {
        Check(sentence, found == expected, detail: "\(found) of \(expected)")
    }
}
