internal import Benchmarks

/// Some relying parties misbehave in one way for a while. The others must not notice.
struct MisbehavingParties: Fault {
    let name: String
    let sentence: String
    private let behaviour: PartyBehaviour
    /// What attempts at them are to end as.
    private let outcome: String

    init(_ name: String, _ sentence: String, _ behaviour: PartyBehaviour, outcome: String) {
        (self.name, self.sentence, self.behaviour, self.outcome) = (name, sentence, behaviour, outcome)
    }

    func play(in world: World) async throws {
        let chosen = world.parties(oneIn: 4)
        let began = Moment.now
        world.parties.set(behaviour, for: chosen)
        // Longer than an attempt may take, so that some time out.
        await world.pause(world.isQuick ? .seconds(7) : .seconds(20))
        await world.judgeOthers(than: chosen, since: began)
        world.parties.set(.ok, for: chosen)
        let met = try PartyOutcomes(world.postgres).of(chosen)
        world.check(
            Check("attempts at them end as \(outcome)", met[outcome, default: 0] > 0, detail: "\(met)")
        )
    }
}

extension World {
    /// The parties that the load logs out of.
    var busyParties: Range<Int> { 0..<setup.spares.lowerBound }

    /// Some of those, drawn by chance.
    func parties(oneIn share: Int) -> [Int] {
        var rest = Array(busyParties)
        return (0..<max(1, rest.count / share)).map { _ in rest.remove(at: random.below(rest.count)) }
            .sorted()
    }

    /// Checks that those who behave are told as usual: a quiet second for what is under way, then p99 since `began`.
    func judgeOthers(than chosen: [Int], since began: UInt64) async {
        let until = Moment.now
        await pause(.seconds(1))
        let bad = Set(chosen)
        let start = began - min(began, 10_000_000_000)
        let calls = load.calls.filter { $0.dueAt >= start }.map { $0.without(bad) }
        let posts = parties.posts.filter { $0.arrivedAt >= start && !bad.contains($0.party) }
        let timeline = Timeline(calls: calls, posts: posts.map { PostRecord($0) })
        let usual = timeline.p99(from: start, to: began)
        let found = timeline.p99(from: began, to: until) ?? .infinity
        // A quarter of a second is as usual: below that, what is measured is how busy a small machine is with both sides.
        let bound = isQuick ? .greatestFiniteMagnitude : max(250, 2 * (usual ?? .nan))
        // Where a fault before this one is not over yet, there is nothing to compare with.
        let isJudged = usual?.isFinite ?? true
        check(
            Check(
                "the other RPs are told as usual",
                !isJudged || found <= bound,
                detail: "p99 \(Figures.short(usual)) ms before, \(Figures.short(found)) ms meanwhile"
            )
        )
    }
}

extension World {
    /// Checks that each of some parties is told soon after its return, `moment`: a breaker is open for 66 s at most.
    func judgeReturn(of parties: [Int], since moment: UInt64) async throws {
        func untold() -> [Int] {
            let told = PartyReturn(of: parties, at: moment, in: self.parties.posts).first
            return parties.filter { told[$0] == nil }
        }
        let end = moment + 70_000_000_000
        while !untold().isEmpty, Moment.now < end { await pause(.milliseconds(100)) }
        let rest = untold()
        let lanes = rest.isEmpty ? nil : try PartyLanes(postgres)
        check(
            Check(
                "each RP is told within 70 s of its return",
                rest.isEmpty,
                detail: rest.map { lanes?.about($0) ?? "" }.joined(separator: "; ")
            )
        )
    }
}

extension LogoutCall {
    /// The same without some of its targets.
    func without(_ parties: Set<Int>) -> LogoutCall {
        var call = LogoutCall(
            number: number,
            key: key,
            targets: targets.filter { !parties.contains($0.party) },
            isFlawed: isFlawed
        )
        call.dueAt = dueAt
        return call
    }
}
