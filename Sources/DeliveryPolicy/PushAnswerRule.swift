import LogoutModel

/// What a receiver of Security Event Tokens means by a 400.
///
/// Source: RFC 8935 §2.4, the Security Event Token Error Codes; others are registered, or sent, and are as final.
public enum PushError: String, Sendable, Hashable, CaseIterable {
    /// The request is no Security Event Token, or its event is not as it should be.
    case invalidRequest = "invalid_request"
    /// A key that the token is signed with is unknown or not trusted.
    case invalidKey = "invalid_key"
    /// The issuer is not the receiver's.
    case invalidIssuer = "invalid_issuer"
    /// The audience is not the receiver.
    case invalidAudience = "invalid_audience"
    /// The sender could not be authenticated.
    case authenticationFailed = "authentication_failed"
    /// The sender may not send this.
    case accessDenied = "access_denied"

    /// Whether it can pass without anybody's doing: a receiver that keeps a JWK Set learns of a new key when it fetches the
    /// next one. All others stay until somebody changes something; then what has ended is sent again.
    ///
    /// Source: RFC 8935 §2, which has a sender repeat what failed for a reason that may pass, and nothing else.
    public var mayPass: Bool { self == .invalidKey }
}

/// What a receiver's HTTP status, and the `err` of a 400, mean for the attempt.
///
/// Source: RFC 8935 §2.2 (202 for success) and §2.3 (400 with `err` for failure). All else is judged as an RP's answer to
/// a logout token is.
public enum PushAnswerRule {
    /// The meaning of one answer.
    ///
    /// - Parameters:
    ///   - status: the final status.
    ///   - err: the `err` of a body that came with a 400.
    /// - Returns: what the attempt met.
    public static func classify(status: Int, err: String?) -> AnswerRule.Meaning {
        switch status {
        case 202: AnswerRule.Meaning(outcome: .delivered)
        // The receiver has it, though 200 and 204 are not how it should say so.
        case 200...299: AnswerRule.Meaning(outcome: .delivered, flags: .nonstandardStatus)
        case 400 where err.flatMap(PushError.init)?.mayPass == true: AnswerRule.Meaning(outcome: .serverError)
        default: AnswerRule.classify(status: status)
        }
    }
}
