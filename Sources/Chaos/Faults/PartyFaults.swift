/// The faults of relying parties and of the way to them.
package enum PartyFaults {
    /// All of them.
    package static let all: [any Fault] =
        misbehaviours + [
            HalfPartiesDown(), PartyBacklog(), PartyMix(), NameFailures(), NameMisled(), PortsExhausted(),
        ]

    private static let misbehaviours: [MisbehavingParties] = [
        MisbehavingParties(
            "party-syn-dropped",
            "a quarter of the RPs' hosts drop each SYN",
            .dropSYN,
            outcome: "timeout"
        ),
        MisbehavingParties(
            "party-refused",
            "nobody listens at a quarter of the RPs",
            .closedPort,
            outcome: "unreachable"
        ),
        MisbehavingParties(
            "party-reset-on-accept",
            "a quarter of the RPs reset connections before TLS",
            .resetOnAccept,
            outcome: "tls_failure"
        ),
        MisbehavingParties(
            "party-reset-during-request",
            "a quarter of the RPs reset connections while the request comes",
            .resetDuringRequest,
            outcome: "unreachable"
        ),
        MisbehavingParties(
            "party-reset-after-request",
            "a quarter of the RPs reset connections once they have read the request",
            .resetAfterRequest,
            outcome: "unreachable"
        ),
        MisbehavingParties(
            "party-reset-mid-answer",
            "a quarter of the RPs reset connections in the middle of their answer",
            .resetMidAnswer,
            outcome: "unreachable"
        ),
        MisbehavingParties(
            "party-reset-after-answer",
            "a quarter of the RPs reset connections right behind their answer",
            .resetAfterAnswer,
            outcome: "delivered"
        ),
        MisbehavingParties(
            "party-answer-lost",
            "a quarter of the RPs act and close without a byte",
            .answerLost,
            outcome: "unreachable"
        ),
        MisbehavingParties(
            "party-hang",
            "a quarter of the RPs read requests and never answer",
            .hang,
            outcome: "timeout"
        ),
        MisbehavingParties(
            "party-drip",
            "a quarter of the RPs answer one byte a second",
            .drip(bytesPerSecond: 1),
            outcome: "timeout"
        ),
        MisbehavingParties(
            "party-endless-body",
            "a quarter of the RPs answer with a body that never ends",
            .endlessBody,
            outcome: "delivered"
        ),
        MisbehavingParties(
            "party-huge-headers",
            "a quarter of the RPs answer with headers that never end",
            .hugeHeaders,
            outcome: "protocol_error"
        ),
        MisbehavingParties(
            "party-tls-stall",
            "a quarter of the RPs accept connections and never speak TLS",
            .stallTLS,
            outcome: "timeout"
        ),
        MisbehavingParties(
            "party-overloaded",
            "a quarter of the RPs answer 503",
            .status(503),
            outcome: "server_error"
        ),
        MisbehavingParties(
            "party-rate-limited",
            "a quarter of the RPs answer 429 and ask for two seconds",
            .status(429, headers: ["Retry-After: 2"]),
            outcome: "rate_limited"
        ),
    ]
}
