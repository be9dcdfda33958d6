internal import Benchmarks

/// Relying parties whose deliveries have few attempts are down for longer than those would last.
struct PartyOutage: Fault {
    let name = "party-outage"
    let sentence =
        "a few RPs, whose deliveries have ten attempts a second apart, are down for 25 s: the breaker keeps attempts"
    private static let attempts = 10

    func play(in world: World) async throws {
        let spares = world.setup.spares
        for spare in spares {
            try world.call(
                "PUT",
                "/v1/issuers/\(World.issuer)/clients/\(World.client(spare))",
                #"{"backchannel_logout_uri": "\#(world.parties.uri(spare))", "id_token_signed_response_alg": "ES256", "#
                    + #""delivery": {"max_attempts": \#(Self.attempts), "retry_waits_seconds": [1]}}"#
            )
        }
        world.parties.set(.closedPort, for: spares)
        for spare in spares {
            for _ in 0..<3 { _ = await world.load.report(to: [spare]) }
        }
        await world.pause(.seconds(25))
        world.parties.set(.ok, for: spares)
        await world.pause(.seconds(3))
    }
}
