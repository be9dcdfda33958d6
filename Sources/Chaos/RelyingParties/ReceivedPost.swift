/// One POST that came to a relying party.
package struct ReceivedPost: Sendable, Hashable {
    /// Its place in the ledger, from 0.
    package let number: Int
    /// Who got it.
    package let party: Int
    /// When its first byte was read, on `CLOCK_MONOTONIC`, in nanoseconds.
    package let arrivedAt: UInt64
    /// Every byte of its body.
    package let body: String
    /// The status whose whole head went out; `nil` where none did.
    package internal(set) var answer: Int?

    /// A POST.
    package init(number: Int = 0, party: Int, arrivedAt: UInt64, body: String, answer: Int? = nil) {
        (self.number, self.party, self.arrivedAt) = (number, party, arrivedAt)
        (self.body, self.answer) = (body, answer)
    }

    private static let field = "logout_token="

    /// The logout token; what the body is, where it is no form with this one field.
    package var token: String {
        body.hasPrefix(Self.field) ? String(body.dropFirst(Self.field.count)) : body
    }

    /// Whether the RP said that the user is logged out there.
    package var isAccepted: Bool {
        answer.map { (200...299).contains($0) } ?? false
    }
}

/// One connection that reached a relying party.
package struct ReceivedConnection: Sendable, Hashable {
    /// Who got it.
    package let party: Int
    /// When it was accepted, on `CLOCK_MONOTONIC`, in nanoseconds.
    package let acceptedAt: UInt64
}
