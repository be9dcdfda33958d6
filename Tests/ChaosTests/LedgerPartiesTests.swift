import Chaos
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Ledger parties")
struct LedgerPartiesTests {
    /// How long an attempt waits that nobody answers.
    private static let patience = Duration.seconds(2)

    @Test("200 parties keep every POST with its bytes, its time and what it was answered")
    func keeps() async throws {
        try await PartyCaller.with(200) { caller in
            await withTaskGroup { group in
                for party in 0..<200 { group.addTask { _ = await caller.post("t-\(party)", to: party) } }
            }
            let posts = caller.parties.posts
            #expect(posts.count == 200 && caller.parties.postCount == 200)
            for (place, post) in posts.enumerated() {
                #expect(post.number == place && post.token == "t-\(post.party)")
                #expect(post.body == "logout_token=t-\(post.party)" && post.answer == 200)
            }
            #expect(Set(posts.map(\.party)).count == 200)
            #expect(posts.map(\.arrivedAt).allSatisfy { $0 > 0 })
            #expect(Set(caller.parties.connections.map(\.party)) == Set(0..<200))
            #expect(Set((0..<200).map(caller.parties.uri)).count == 200)
        }
    }

    /// What the sender makes of it; whether the party has kept the POST; what it then answered.
    private struct Seen {
        let ending: Answer.Ending
        /// What else it may be, where two ends of a connection race.
        var orElse: Answer.Ending?
        let isKept: Bool
        var answered: Int?
    }

    private static let behaviours: [(PartyBehaviour, Seen)] = [
        (.ok, Seen(ending: .status(200), isKept: true, answered: 200)),
        (.status(204), Seen(ending: .status(204), isKept: true, answered: 204)),
        (
            .status(503, headers: ["Retry-After: 7"]),
            Seen(ending: .status(503), isKept: true, answered: 503)
        ),
        (.slow(.milliseconds(50)), Seen(ending: .status(200), isKept: true, answered: 200)),
        (.hang, Seen(ending: .failure(.timeout(sent: true)), isKept: true)),
        (.closedPort, Seen(ending: .failure(.unreachable), isKept: false)),
        (.dropSYN, Seen(ending: .failure(.timeout(sent: false)), isKept: false)),
        (.stallTLS, Seen(ending: .failure(.timeout(sent: false)), isKept: false)),
        (
            .resetOnAccept,
            Seen(ending: .failure(.tlsFailure), orElse: .failure(.unreachable), isKept: false)
        ),
        (.resetDuringRequest, Seen(ending: .failure(.unreachable), isKept: false)),
        (.resetAfterRequest, Seen(ending: .failure(.unreachable), isKept: true)),
        (.resetMidAnswer, Seen(ending: .failure(.unreachable), isKept: true)),
        (.resetAfterAnswer, Seen(ending: .status(200), isKept: true, answered: 200)),
        (.answerLost, Seen(ending: .failure(.unreachable), isKept: true)),
        (.drip(bytesPerSecond: 5), Seen(ending: .failure(.timeout(sent: true)), isKept: true)),
        (.drip(bytesPerSecond: 5_000), Seen(ending: .status(200), isKept: true, answered: 200)),
        (.endlessBody, Seen(ending: .status(200), isKept: true, answered: 200)),
        (.hugeHeaders, Seen(ending: .failure(.protocolError), isKept: true)),
    ]

    @Test(
        "libcurl sees each behaviour, on a new connection and on one that was open before, and the party answers again when told",
        arguments: behaviours.map(\.0)
    )
    func behaves(_ behaviour: PartyBehaviour) async throws {
        let expected = try #require(Self.behaviours.first { $0.0 == behaviour }).1
        let isSlow = if case .failure(.timeout) = expected.ending { true } else { false }
        let timeout = isSlow ? Self.patience : .seconds(30)
        try await PartyCaller.with(1) { caller in
            for round in ["fresh", "open"] {
                caller.parties.set(behaviour, for: 0..<1)
                let answer = await caller.post(round, to: 0, within: timeout)
                #expect([expected.ending, expected.orElse].contains(answer.ending), "\(round)")
                // The last byte is out before the ledger knows of it.
                try await eventually("the ledger knows what was answered, \(round)") {
                    let post = caller.parties.posts.last { $0.token == round }
                    return (post != nil, post?.answer) == (expected.isKept, expected.answered)
                }
                if case .status(503, _) = behaviour { #expect(answer.retryAfter == "7") }
                caller.parties.set(.ok, for: 0..<1)
                let after = "\(round)-after"
                #expect(await caller.post(after, to: 0).status == 200)
                let count = caller.parties.posts.count { $0.token == after || $0.token == round }
                #expect(count == (expected.isKept ? 2 : 1), "each POST comes once")
            }
        }
    }

    @Test("what hangs is ended at once when its party goes, and the other parties are not touched")
    func ends() async throws {
        try await PartyCaller.with(8) { caller in
            caller.parties.set(.hang, for: [1, 5])
            async let one = caller.post("a", to: 1)
            async let other = caller.post("b", to: 5)
            try await eventually("both have come") { caller.parties.postCount == 2 }
            #expect(await caller.post("c", to: 2).status == 200)
            caller.parties.set(.closedPort, for: [1, 5])
            #expect(await one.failure == .unreachable)
            #expect(await other.failure == .unreachable)
            try await eventually("the ledger knows who was answered") {
                caller.parties.posts.filter(\.isAccepted).map(\.token) == ["c"]
            }
            caller.parties.close()
            #expect(await caller.post("d", to: 2).failure == .unreachable)
            #expect(caller.parties.postCount == 3)
        }
    }
}
