internal import Benchmarks

/// Relying parties send their POSTs elsewhere: they are not followed.
struct PartyRedirects: Fault {
    let name = "party-redirects"
    let sentence = "a few RPs answer 307 and name another RP's URI, or their own"
    let expectations = Expectations { $0.ends = ["delivered", "failed"] }

    func play(in world: World) async throws {
        let spares = world.setup.spares
        for spare in spares {
            // Another port is refused at the socket too; the same one only by not following.
            let target = world.parties.uri(spare.isMultiple(of: 2) ? 0 : spare)
            world.parties.set(.status(307, headers: ["Location: \(target)"]), for: [spare])
        }
        var sids: [String] = []
        for spare in spares { sids += await world.load.report(to: [spare]).targets.map(\.sid) }
        try await world.waitForPosts(of: sids)
        await world.pause(.seconds(2))
        world.parties.set(.ok, for: spares)
        let reader = try DatabaseReader(world.postgres)
        let others = try sids.filter { try reader.row(ofSid: $0)?.status != "failed" }
        world.check(
            Check("what an RP redirects has failed", others.isEmpty, detail: others.joined(separator: ", "))
        )
    }
}
