import DeliveryPolicy
import LogoutModel
import Testing

@Suite("Answers to pushes")
struct PushAnswerRuleTests {
    /// RFC 8935 §2.2: 202; the others of its kind are taken for it, and told.
    @Test(
        "every 2xx is delivered, and all but 202 are flagged",
        arguments: [(202, false), (200, true), (201, true), (203, true), (204, true), (299, true)]
    )
    func accepted(status: Int, isFlagged: Bool) {
        let meaning = PushAnswerRule.classify(status: status, err: nil)
        #expect(meaning == .init(outcome: .delivered, flags: isFlagged ? .nonstandardStatus : []))
    }

    @Test(
        "a 400 is final, but for the one code that passes by itself",
        arguments: [
            ("invalid_request", AttemptOutcome.rejected), ("invalid_key", .serverError),
            ("invalid_issuer", .rejected),
            ("invalid_audience", .rejected), ("authentication_failed", .rejected),
            ("access_denied", .rejected),
            ("invalid_state", .rejected), ("Invalid_key", .rejected), ("invalid_key ", .rejected),
            ("", .rejected),
            (nil, .rejected),
        ] as [(String?, AttemptOutcome)]
    )
    func refused(err: String?, outcome: AttemptOutcome) {
        #expect(PushAnswerRule.classify(status: 400, err: err) == .init(outcome: outcome))
    }

    @Test("every code of the RFC is spelled as it registers it")
    func codes() {
        let registered = [
            "invalid_request", "invalid_key", "invalid_issuer", "invalid_audience", "authentication_failed",
            "access_denied",
        ]
        #expect(PushError.allCases.map(\.rawValue) == registered)
    }

    @Test("a code means nothing beside any other status, which is judged as for logout tokens")
    func others() {
        for status in [99, 100, 300, 302, 399, 401, 403, 404, 408, 425, 429, 499, 500, 503, 599, 600] {
            #expect(
                PushAnswerRule.classify(status: status, err: "invalid_key")
                    == AnswerRule.classify(status: status),
                "\(status)"
            )
        }
    }
}
