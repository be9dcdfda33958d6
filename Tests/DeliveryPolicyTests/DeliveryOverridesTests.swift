import DeliveryPolicy
import Testing

@Suite("Delivery settings")
struct DeliveryOverridesTests {
    @Test("the standard settings are those of the contract, and in range")
    func standard() throws {
        let standard = DeliverySettings.standard
        #expect(standard.attemptTimeoutSeconds == 5)
        #expect(standard.deliverWithinSeconds == 86_400)
        #expect(standard.maxAttempts == nil)
        #expect(standard.maxInFlight == 16)
        #expect(standard.retryWaitsSeconds == [1, 5, 15, 60, 300, 900, 3600])
        #expect(standard.retryAfterCapSeconds == 3600)
        #expect(standard.tokenLifetimeSeconds == 120)
        let written = try DeliveryOverrides(
            attemptTimeoutSeconds: standard.attemptTimeoutSeconds,
            deliverWithinSeconds: standard.deliverWithinSeconds,
            maxInFlight: standard.maxInFlight,
            retryWaitsSeconds: standard.retryWaitsSeconds,
            retryAfterCapSeconds: standard.retryAfterCapSeconds,
            tokenLifetimeSeconds: standard.tokenLifetimeSeconds
        )
        #expect(written.resolved(over: standard) == standard)
    }

    @Test("overrides that set nothing change nothing")
    func none() {
        #expect(DeliveryOverrides.none.resolved(over: .standard) == .standard)
    }

    @Test("each member overrides its own setting and no other, client over issuer over standard")
    func layers() throws {
        let issuer = try DeliveryOverrides(
            attemptTimeoutSeconds: 7,
            deliverWithinSeconds: 60,
            maxAttempts: 3,
            maxInFlight: 2
        )
        let client = try DeliveryOverrides(
            maxAttempts: 9,
            retryWaitsSeconds: [2],
            retryAfterCapSeconds: 0,
            tokenLifetimeSeconds: 30
        )
        let settings = client.resolved(over: issuer.resolved(over: .standard))
        #expect(settings.attemptTimeoutSeconds == 7)
        #expect(settings.deliverWithinSeconds == 60)
        #expect(settings.maxAttempts == 9)
        #expect(settings.maxInFlight == 2)
        #expect(settings.retryWaitsSeconds == [2])
        #expect(settings.retryAfterCapSeconds == 0)
        #expect(settings.tokenLifetimeSeconds == 30)
    }

    @Test(
        "the attempt timeout is half a second to a minute",
        arguments: [
            (0.49, false), (0.5, true), (60, true), (60.01, false), (.nan, false), (.infinity, false),
        ]
    )
    func attemptTimeout(value: Double, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.attemptTimeoutSeconds)) {
            try DeliveryOverrides(attemptTimeoutSeconds: value)
        }
    }

    @Test(
        "the deadline is a second to 30 days",
        arguments: [(0, false), (1, true), (2_592_000, true), (2_592_001, false)]
    )
    func deliverWithin(value: Int, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.deliverWithinSeconds)) {
            try DeliveryOverrides(deliverWithinSeconds: value)
        }
    }

    @Test(
        "attempts are one to a million",
        arguments: [(0, false), (1, true), (1_000_000, true), (1_000_001, false)]
    )
    func maxAttempts(value: Int, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.maxAttempts)) { try DeliveryOverrides(maxAttempts: value) }
    }

    @Test(
        "attempts in flight are 1 to 1024",
        arguments: [(0, false), (1, true), (1024, true), (1025, false), (.min, false)]
    )
    func maxInFlight(value: Int, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.maxInFlight)) { try DeliveryOverrides(maxInFlight: value) }
    }

    @Test(
        "Retry-After's cap is 0 seconds to 30 days",
        arguments: [(-1, false), (0, true), (2_592_000, true), (2_592_001, false)]
    )
    func retryAfterCap(value: Int, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.retryAfterCapSeconds)) {
            try DeliveryOverrides(retryAfterCapSeconds: value)
        }
    }

    @Test("a token lives 30 to 120 seconds", arguments: [(29, false), (30, true), (120, true), (121, false)])
    func tokenLifetime(value: Int, isAllowed: Bool) {
        expect(isAllowed, .outOfRange(.tokenLifetimeSeconds)) {
            try DeliveryOverrides(tokenLifetimeSeconds: value)
        }
    }

    @Test(
        "waits are 1 to 32, each 10 ms to 30 days",
        arguments: [
            ([], DeliverySettingsError.retryWaitCount(0)), ([0.01], nil),
            ([1, 0.009], .retryWaitOutOfRange(index: 1)), ([2_592_000], nil),
            ([2_592_001], .retryWaitOutOfRange(index: 0)), ([.nan], .retryWaitOutOfRange(index: 0)),
            (Array(repeating: 1, count: 32), nil),
            (Array(repeating: 1, count: 33), .retryWaitCount(33)), ([60, 1], nil),
        ] as [([Double], DeliverySettingsError?)]
    )
    func retryWaits(waits: [Double], error: DeliverySettingsError?) {
        expect(error == nil, error ?? .retryWaitCount(-1)) { try DeliveryOverrides(retryWaitsSeconds: waits) }
    }

    @Test("members have the names of the contract")
    func memberNames() {
        #expect(
            DeliveryOverrides.Member.allCases.map(\.rawValue) == [
                "attempt_timeout_seconds", "deliver_within_seconds", "max_attempts", "max_in_flight",
                "retry_waits_seconds",
                "retry_after_cap_seconds", "token_lifetime_seconds",
            ]
        )
    }

    private func expect(
        _ isAllowed: Bool,
        _ error: DeliverySettingsError,
        _ sourceLocation: SourceLocation = #_sourceLocation,
        make: () throws -> DeliveryOverrides
    ) {
        if isAllowed {
            #expect(throws: Never.self, sourceLocation: sourceLocation) { try make() }
        } else {
            #expect(throws: error, sourceLocation: sourceLocation) { try make() }
        }
    }
}
