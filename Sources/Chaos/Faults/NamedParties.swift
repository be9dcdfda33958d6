internal import Benchmarks
internal import LastcallTestKit

/// Relying parties that are called by names, and the name server that their RPs' names are asked of.
struct NamedParties {
    let server: ScriptedNameServer
    private let world: World

    /// Starts a name server that knows every party's name, but says of some what `told` gives.
    ///
    /// - Throws: ``ChaosError`` outside a private network.
    init(_ world: World, told: [Int: ScriptedNameServer.Answer]) throws {
        try PrivateNetwork.demand("a resolver")
        self.world = world
        server = try ScriptedNameServer(names: [:])
        for party in 0..<world.setup.parties {
            server.say([told[party] ?? Self.itself], of: world.parties.name(party))
        }
    }

    private static let itself = ScriptedNameServer.Answer.addresses(["127.0.0.1"])

    /// From now on a party's name leads to it.
    func heal(_ parties: some Sequence<Int>) {
        for party in parties { server.say([Self.itself], of: world.parties.name(party)) }
    }

    /// Has clients called by name, or by address again.
    ///
    /// - Throws: where the API refuses.
    func register(byName: Bool) throws {
        for party in 0..<world.setup.parties {
            let uri = byName ? world.parties.namedURI(party) : world.parties.uri(party)
            let metadata =
                #"{"backchannel_logout_uri": "\#(uri)", "id_token_signed_response_alg": "ES256", "#
                + #""delivery": \#(world.setup.clientDelivery)}"#
            try world.call("PUT", "/v1/issuers/\(World.issuer)/clients/\(World.client(party))", metadata)
        }
    }
}
