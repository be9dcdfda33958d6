import DeliveryPolicy
import LogoutModel
import Testing

@Suite("Whether somebody is still logged in")
struct LoginStateTests {
    @Test(
        "what decides says it: an open login, or where the newest logout stands",
        arguments: [
            (nil, nil, "logged_in"),
            (.pending, nil, "pending"), (.delivering, nil, "pending"), (.retrying, nil, "pending"),
            (.held, nil, "pending"),
            (.delivered, nil, "confirmed_out"),
            (.failed, .rejected, "refused"), (.failed, .redirectRefused, "refused"),
            (.failed, .attemptsExhausted, "unreachable"), (.failed, .blockedAddress, "unreachable"),
            (.expired, .deadlinePassed, "unreachable"),
            (.expired, .supersededByNewSession, "logged_in"),
            (.notCovered, .noBackchannelLogoutURI, "not_covered"), (.failed, .clientNotFound, "not_covered"),
            (.failed, .sessionRequiredNoSid, "not_covered"),
            (.cancelled, .cancelledByOperator, "cancelled"),
        ] as [(DeliveryStatus?, EndReason?, String)]
    )
    func states(delivery: DeliveryStatus?, reason: EndReason?, state: String) {
        #expect(LoginState(delivery: delivery, reason: reason).rawValue == state)
    }

    @Test("every reason of an end is judged, and none counts as a confirmed logout")
    func reasons() {
        for reason in EndReason.allCases {
            let state = LoginState(delivery: reason.status, reason: reason)
            #expect(state != .confirmedOut && state != .pending, "\(reason)")
        }
    }
}
