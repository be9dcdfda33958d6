internal import Benchmarks
internal import Glibc

/// No local port is left for connections to some relying parties. It counts against nobody, and is over in a second.
struct PortsExhausted: Fault {
    let name = "ports-exhausted"
    let sentence = "no local port is left for connections to ten RPs"

    /// So few that they can all be taken; another program's connection to another port may have any of them too.
    private static let ports: ClosedRange<UInt16> = 20_000...20_511
    private static let usual: ClosedRange<UInt16> = 32_768...60_999

    func play(in world: World) async throws {
        try PrivateNetwork.setLocalPorts(Self.ports)
        defer { try? PrivateNetwork.setLocalPorts(Self.usual) }
        let chosen = Array(world.parties(oneIn: 2).prefix(10))
        let began = Moment.now
        // What is open is ended, so that it has to be opened again.
        world.parties.set(.resetOnAccept, for: chosen)
        world.parties.set(.ok, for: chosen)
        var taken: [Int32] = []
        let end = began + (world.isQuick ? 4 : 20) * 1_000_000_000
        while Moment.now < end {
            for party in chosen { taken += takeAll(to: world.parties.port(party)) }
            await world.pause(.milliseconds(20))
        }
        world.note("\(taken.count) connections held")
        await world.judgeOthers(than: chosen, since: began)
        for descriptor in taken {
            Loopback.resetWhenClosed(descriptor)
            close(descriptor)
        }
        let met = try PartyOutcomes(world.postgres).of(chosen)
        world.check(
            Check("attempts at them end as local_error", met["local_error", default: 0] > 0, detail: "\(met)")
        )
    }

    /// Connections from each local port that is free, until there is none.
    private func takeAll(to port: UInt16) -> [Int32] {
        var taken: [Int32] = []
        while taken.count < Self.ports.count, let descriptor = try? Loopback.connect(to: port) {
            taken.append(descriptor)
        }
        return taken
    }
}
