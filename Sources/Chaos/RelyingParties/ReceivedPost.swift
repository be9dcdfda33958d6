/// One POST as a relying party got it, kept with all its bytes.
package struct ReceivedPost: Sendable, Hashable {
    /// Which relying party got it, from 0.
    package let party: Int
    /// When its last byte was read, in nanoseconds of `CLOCK_MONOTONIC`.
    package let arrivedAt: UInt64
    /// The logout token.
    package let token: String
    /// The status of the answer that was written in full; `nil` where none was.
    package let answer: Int?

    /// - Parameters:
    ///   - party: which relying party got it.
    ///   - arrivedAt: when.
    ///   - token: the logout token.
    ///   - answer: what was answered.
    package init(party: Int, arrivedAt: UInt64, token: String, answer: Int?) {
        (self.party, self.arrivedAt, self.token, self.answer) = (party, arrivedAt, token, answer)
    }
}
