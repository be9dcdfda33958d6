public import LogoutModel

/// What an RP's HTTP status means for the attempt.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.8 (200 for success, 400 for refusal, 204 tolerated);
/// what it leaves open is judged by RFC 9110 §15.
public enum AnswerRule {
    /// The meaning of one status.
    public struct Meaning: Sendable, Hashable {
        /// What the attempt met.
        public let outcome: AttemptOutcome
        /// What is worth knowing about it besides.
        public let flags: DeliveryFlags

        /// A meaning of these parts.
        public init(outcome: AttemptOutcome, flags: DeliveryFlags = []) {
            self.outcome = outcome
            self.flags = flags
        }
    }

    /// The meaning of a final status; what is none (1xx, below 100, above 599) is a protocol error.
    ///
    /// 408 and 425 are server errors although their first digit blames the client: the RP did not judge the
    /// token, it could not take this request now, which is also what a breaker wants to know. Only 429
    /// speaks of a rate.
    public static func classify(status: Int) -> Meaning {
        switch status {
        case 200, 204: Meaning(outcome: .delivered)
        case 201...299: Meaning(outcome: .delivered, flags: .nonstandardStatus)
        case 300...399: Meaning(outcome: .redirectRefused)
        case 408, 425: Meaning(outcome: .serverError)
        case 429: Meaning(outcome: .rateLimited)
        case 400...499: Meaning(outcome: .rejected)
        case 500...599: Meaning(outcome: .serverError)
        default: Meaning(outcome: .protocolError)
        }
    }
}
