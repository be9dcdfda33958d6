internal import Benchmarks
internal import LastcallTestKit

/// Name servers fail in every way, for half of the relying parties. The other names are looked up as fast as ever.
struct NameFailures: Fault {
    let name = "party-names-fail"
    let sentence =
        "the names of half of the RPs do not exist, SERVFAIL, are refused, empty, garbled, lead nowhere or are never answered"

    private static let kinds: [(word: String, answer: ScriptedNameServer.Answer)] = [
        ("NXDOMAIN", .noSuchName), ("SERVFAIL", .serverFailure), ("REFUSED", .refused),
        ("empty", .addresses([])),
        ("silent", .silence), ("garbled", .garbage), ("an alias of nothing", .bareAlias("nowhere.invalid")),
    ]

    func play(in world: World) async throws {
        let half = world.parties(oneIn: 2)
        let groups = Dictionary(grouping: half.indices) { $0 % Self.kinds.count }.mapValues {
            $0.map { half[$0] }
        }
        var told: [Int: ScriptedNameServer.Answer] = [:]
        for (kind, parties) in groups { for party in parties { told[party] = Self.kinds[kind].answer } }
        let named = try NamedParties(world, told: told)
        try named.register(byName: true)
        let began = Moment.now
        await world.pause(world.isQuick ? .seconds(7) : .seconds(40))
        await world.judgeOthers(than: half, since: began)
        let outcomes = try PartyOutcomes(world.postgres)
        for (kind, parties) in groups.sorted(by: { $0.key < $1.key }) {
            let met = outcomes.of(parties)
            let count = met["dns_failure", default: 0] + met["timeout", default: 0]
            world.check(Check("\(Self.kinds[kind].word): attempts end as such", count > 0, detail: "\(met)"))
        }
        let healed = Moment.now
        named.heal(half)
        try await world.judgeReturn(of: half, since: healed)
        try named.register(byName: false)
    }
}

/// Names of some relying parties lead to an address that no token may go to.
struct NameMisled: Fault {
    let name = "party-names-misled"
    let sentence = "the names of a quarter of the RPs lead to a metadata service's address"

    private static let forbidden = ScriptedNameServer.Answer.addresses(["169.254.169.254"])

    /// Such an attempt is final.
    var expectations: Expectations { Expectations { $0.ends = ["delivered", "failed"] } }

    func play(in world: World) async throws {
        let chosen = world.parties(oneIn: 4)
        let told = Dictionary(uniqueKeysWithValues: chosen.map { ($0, Self.forbidden) })
        let named = try NamedParties(world, told: told)
        try named.register(byName: true)
        let began = Moment.now
        await world.pause(world.isQuick ? .seconds(4) : .seconds(20))
        await world.judgeOthers(than: chosen, since: began)
        let others = Set(0..<world.setup.parties).subtracting(chosen)
        let healed = Moment.now
        named.heal(chosen)
        try await world.judgeReturn(of: chosen, since: healed)
        try named.register(byName: false)
        let outcomes = try PartyOutcomes(world.postgres)
        let blocked = outcomes.of(chosen)["blocked_address", default: 0]
        world.check(Check("attempts at them are blocked", blocked > 0, detail: "\(outcomes.of(chosen))"))
        let elsewhere = outcomes.of(others)["blocked_address", default: 0]
        world.check(Check("nobody else's are", elsewhere == 0, detail: "\(elsewhere)"))
    }
}
