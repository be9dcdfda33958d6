import LogoutModel
import Testing

/// The words are promises, to other programs and to rows that are stored already.
@Suite("Delivery statuses")
struct DeliveryStatusTests {
    @Test("statuses keep their words, and ends are told from the rest")
    func statuses() {
        #expect(
            DeliveryStatus.allCases.map { "\($0.rawValue) \($0.isEnd)" } == [
                "pending false", "delivering false", "retrying false", "held false", "delivered true",
                "failed true",
                "expired true", "cancelled true", "not_covered true",
            ]
        )
    }

    @Test("an end is left by a redelivery alone", arguments: DeliveryStatus.allCases.filter(\.isEnd))
    func ends(status: DeliveryStatus) {
        let next = DeliveryStatus.allCases.filter(status.allows)
        #expect(next == [.pending, .retrying])
    }

    @Test("attempt outcomes keep their words")
    func outcomes() {
        #expect(
            AttemptOutcome.allCases.map(\.rawValue) == [
                "delivered", "rejected", "redirect_refused", "blocked_address", "timeout", "unreachable",
                "dns_failure",
                "tls_failure", "server_error", "rate_limited", "protocol_error", "signing_failed",
                "local_error", "unknown",
            ]
        )
    }

    @Test("reasons keep their words, and each belongs to one status")
    func reasons() {
        #expect(
            EndReason.allCases.map { "\($0.rawValue) \($0.status.rawValue)" } == [
                "rejected failed", "redirect_refused failed", "blocked_address failed",
                "attempts_exhausted failed",
                "client_not_found failed", "session_required_no_sid failed",
                "no_backchannel_logout_uri not_covered",
                "deadline_passed expired", "superseded_by_new_session expired",
                "cancelled_by_operator cancelled",
            ]
        )
    }

    @Test("flags keep their words and bits")
    func flags() {
        #expect(DeliveryFlags([]).names.isEmpty)
        #expect(DeliveryFlags(rawValue: 1).names == ["nonstandard_status"])
        #expect(DeliveryFlags(rawValue: 2).names == ["rejected_after_unknown"])
        #expect(
            DeliveryFlags([.rejectedAfterUnknown, .nonstandardStatus]).names
                == ["nonstandard_status", "rejected_after_unknown"]
        )
    }
}
