internal import Benchmarks

/// Connections end before or after a commit of one kind was sent.
package struct ConnectionsCut: Fault {
    let place: CutPlace
    let statement: StatementClass

    package var name: String { "cut-\(statement)-\(place.rawValue)" }
    package var sentence: String {
        switch place {
        case .beforeCommitSent: "connections are cut when \(noun) has run and its commit was not sent"
        case .afterCommitSent: "connections are cut when \(noun) is committed and its answer was not read"
        }
    }
    package var setup: WorldSetup { WorldSetup { $0.viaProxy = true } }

    private var noun: String {
        switch statement {
        case .accept: "an intake"
        case .claim: "a claim"
        case .settle: "a settlement"
        case .audit: "a note or a seal of the audit trail"
        case .any: "any statement"
        }
    }

    package func play(in world: World) async throws {
        guard let proxy = world.postgres.proxy else { throw ChaosError("this world has no proxy") }
        let before = proxy.cuts.count
        let (rounds, each) = world.isQuick ? (3, 2) : (10, 4)
        for _ in 0..<rounds {
            proxy.cut(place, statement: statement, count: each)
            try await world.wait(for: "\(each) cuts of \(noun)") {
                // The trail is sealed now and then; an operator's changes are noted at once.
                if statement == .audit, proxy.cutsToCome > 0 { hold(world) }
                return proxy.cutsToCome == 0
            }
            await world.pause(world.random.within(.milliseconds(100) ... .milliseconds(1_500)))
        }
        if statement == .audit { try await release(world) }
        world.check(.equal("connections were cut", proxy.cuts.count - before, rounds * each))
    }

    /// Two changes that undo each other; whether either was made is not known where its connection was cut.
    private func hold(_ world: World) {
        _ = try? world.call("POST", "\(path)/hold", "{}")
        _ = try? world.call("POST", "\(path)/release", "{}")
    }

    private func release(_ world: World) async throws {
        try await world.wait(for: "the client to be released") {
            (try? world.call("POST", "\(path)/release", "{}")) != nil
        }
    }

    private var path: String { "/v1/issuers/\(World.issuer)/clients/\(World.client(0))" }
}
