internal import Benchmarks
internal import Glibc

/// A delivery crashes whoever attempts it.
struct PoisonDelivery: Fault {
    let name = "poison-delivery"
    let sentence =
        "a worker crashes (SIGSEGV) whenever one RP gets its POST; the client allows three attempts"
    private static let attempts = 3

    var expectations: Expectations {
        Expectations {
            $0.ends = ["delivered", "failed"]
            // The crashed ones' other claims wait behind one another's leases.
            $0.takeover = nil
        }
    }

    func play(in world: World) async throws {
        let victim = world.setup.spares.lowerBound
        try world.register(victim, delivery: #"{"max_attempts": \#(Self.attempts)}"#)
        world.parties.set(.hang, for: [victim])
        let call = await world.load.report(to: [victim])
        let sid = call.targets[0].sid
        for attempt in 1...Self.attempts {
            try await world.wait(for: "POST \(attempt)") { world.postCounts()[sid] == attempt }
            let holder = try await world.holder(of: [victim])
            holder.member.signal(SIGSEGV)
            await holder.member.wasEnded()
            world.note("POST \(attempt) took \(holder.member.label)")
            try await holder.member.start()
        }
        await world.pause(.seconds(13))
        world.parties.set(.ok, for: [victim])
        let posts = world.postCounts()[sid] ?? 0
        world.check(
            Check.equal("a delivery that crashes its workers ends at its limit", posts, Self.attempts)
        )
        let row = try DatabaseReader(world.postgres).row(ofSid: sid)
        try world.register(victim)
        world.check(Check("it ends as failed", row?.status == "failed", detail: row?.status ?? "none"))
    }
}
