import DeliveryPolicy
import LogoutModel
import Testing

@Suite("Answer rule")
struct AnswerRuleTests {
    @Test(
        "each status has its meaning, and so have its neighbours",
        arguments: [
            (200, AttemptOutcome.delivered, []), (201, .delivered, .nonstandardStatus),
            (202, .delivered, .nonstandardStatus),
            (203, .delivered, .nonstandardStatus), (204, .delivered, []),
            (205, .delivered, .nonstandardStatus), (299, .delivered, .nonstandardStatus),
            (300, .redirectRefused, []), (301, .redirectRefused, []), (304, .redirectRefused, []),
            (399, .redirectRefused, []), (400, .rejected, []),
            (401, .rejected, []), (404, .rejected, []), (407, .rejected, []), (408, .serverError, []),
            (409, .rejected, []), (410, .rejected, []),
            (424, .rejected, []), (425, .serverError, []), (426, .rejected, []), (428, .rejected, []),
            (429, .rateLimited, []), (430, .rejected, []),
            (499, .rejected, []), (500, .serverError, []), (501, .serverError, []), (503, .serverError, []),
            (599, .serverError, []),
            (600, .protocolError, []), (999, .protocolError, []), (199, .protocolError, []),
            (100, .protocolError, []), (99, .protocolError, []),
            (0, .protocolError, []), (-200, .protocolError, []), (.max, .protocolError, []),
        ] as [(Int, AttemptOutcome, DeliveryFlags)]
    )
    func statuses(status: Int, outcome: AttemptOutcome, flags: DeliveryFlags) {
        #expect(AnswerRule.classify(status: status) == AnswerRule.Meaning(outcome: outcome, flags: flags))
    }
}
