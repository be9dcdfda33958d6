/// Which page an address is.
extension OperatorConsole {
    /// What is read.
    func read(_ place: String, _ visit: Visit) async throws -> Result {
        let count = visit.rest.count
        guard visit.issuer != nil else {
            switch (place, count) {
            case ("", 0): return try await home(visit)
            case ("health", 0): return .page(try await health(visit))
            case ("audit", 0): return .page(try await audit(visit))
            default: throw ConsoleProblem.notFound
            }
        }
        switch (place, count) {
        case ("", 0): return .page(try await overview(visit))
        case ("events", 0): return .page(try await events(visit))
        case ("events", 1): return .page(try await event(visit))
        case ("deliveries", 1): return .page(try await delivery(visit))
        case ("clients", 0): return .page(try await clients(visit))
        case ("clients", 1): return .page(try await client(visit))
        case ("failed", 0): return .page(try await failed(visit))
        case ("redeliveries", 1): return .page(try await redelivery(visit))
        case ("where", 0): return .page(try await whereabouts(visit))
        case ("search", 0): return .page(try await search(visit))
        case ("keys", 0): return .page(try await keys(visit))
        case ("audit", 0): return .page(try await audit(visit))
        default: throw ConsoleProblem.notFound
        }
    }

    /// What is done. Each is a call of the API, which says whether the key may.
    func act(_ place: String, _ visit: Visit) async throws -> Result {
        let rest = visit.rest
        if place == "audit", rest == ["verify"] { return .page(try await verify(visit)) }
        guard visit.issuer != nil else { throw ConsoleProblem.notFound }
        switch (place, rest.count, rest.last ?? "") {
        case ("events", 2, "cancel"): return try await cancelEvent(visit, rest[0])
        case ("deliveries", 2, "redeliver"): return try await redeliver(visit, rest[0])
        case ("clients", 2, "hold"): return try await client(visit, rest[0], "hold", .held)
        case ("clients", 2, "release"): return try await client(visit, rest[0], "release", .released)
        case ("clients", 2, "probe"): return .page(try await probe(visit, rest[0]))
        case ("clients", 2, "policy"): return try await changePolicy(visit, rest[0])
        case ("failed", 1, "redeliver"): return try await startRedelivery(visit)
        case ("redeliveries", 2, "cancel"): return try await stopRedelivery(visit, rest[0])
        case ("keys", 1, "generate"): return try await generateKey(visit)
        case ("keys", 2, "activate"): return try await stageKey(visit, rest[0], "activate", .activated)
        case ("keys", 2, "retire"): return try await stageKey(visit, rest[0], "retire", .retired)
        default: throw ConsoleProblem.notFound
        }
    }
}
