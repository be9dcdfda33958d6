internal import FoundationEssentials
internal import LastcallTestKit

/// Gathers what is known when the world is quiet.
struct EvidenceReader {
    let world: World

    /// - Throws: where the database or a command of the product does not answer.
    func read(into evidence: inout Evidence, _ watcher: EndWatcher) async throws {
        evidence.calls = world.load.calls
        evidence.posts = PostBook().read(world.parties)
        try DatabaseReader(world.postgres).read(into: &evidence)
        evidence.wentBack = watcher.findings(evidence.deliveries)
        evidence.auditBreak = await auditBreak()
        evidence.losses = world.fleet.workers.flatMap(\.lives).compactMap { life in
            guard let at = life.wasKilled ? life.endedAt : life.frozenAt else { return nil }
            return WorkerLoss(pid: life.pid, at: world.wall(at))
        }
        try await verifyTokens(&evidence)
    }

    private func auditBreak() async -> String? {
        do {
            try await world.command("audit", "verify")
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Each token as its RP would, when it came.
    private func verifyTokens(_ evidence: inout Evidence) async throws {
        let jwks = try await world.command("keys", "jwks", World.issuer)
        let verifier = try LogoutTokenVerifier(jwks: Array(jwks.utf8), iss: World.issuerURL)
        for place in evidence.posts.indices {
            let post = evidence.posts[place].post
            // The clocks of this machine and of the database are one, but they are read at different times.
            let now = world.wall(post.arrivedAt) / 1_000_000 + 1
            do {
                _ = try verifier.verify(post.token, aud: World.client(post.party), now: now)
            } catch {
                evidence.posts[place].defect = "\(error)"
            }
        }
    }
}
