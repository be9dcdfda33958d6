import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Rate limits", .lastcallDatabase)
struct RateLimitTests {
    static let limited = Answer.Refusal(429, "rate_limited")
    static let line = "GET /v1/issuers"

    /// How so many calls are answered, one after another.
    static func statuses(_ api: TestAPI, _ count: Int, key: String?, _ line: String = line) async -> [Int] {
        var statuses: [Int] = []
        for _ in 0..<count { statuses.append(await api.call(line, key: key).status) }
        return statuses
    }

    @Test("a key's burst is let through, and the next call is told when to come again")
    func burst() async throws {
        let api = try await TestAPI.withIssuer {
            // A call in a quarter of an hour: time itself lets none through here.
            $0.keyCallsPerSecond = 1
            $0.keyBurstCalls = 5
        }
        let key = try await api.makeKey(of: "acme", ["read"])
        let other = try await api.makeKey(of: "acme", ["read"])
        var statuses = await Self.statuses(api, 5, key: key)
        #expect(statuses == [200, 200, 200, 200, 200])
        var refused: Answer?
        // A busy machine may have earned one more meanwhile, not ten.
        for _ in 0..<10 where refused == nil {
            let answer = await api.call(Self.line, key: key)
            if answer.status != 200 { refused = answer }
        }
        let answer = try #require(refused)
        #expect(answer.refusal == Self.limited)
        #expect(answer.header("Retry-After") == ["1"])
        // Whatever it is that is called; another key, and another process, are not concerned.
        statuses = await Self.statuses(api, 5, key: other)
        #expect(statuses == [200, 200, 200, 200, 200])
        #expect(await (try TestAPI()).call(Self.line, key: key).status == 200)
        try await eventually("the next call") { await api.call(Self.line, key: key).status == 200 }
    }

    @Test("0 is no limit, and an import is one call however many lines it has")
    func unlimited() async throws {
        let api = try await TestAPI.withIssuer { $0.keyCallsPerSecond = 0 }
        let key = try await api.makeKey(of: "acme", ["read"])
        #expect(await Self.statuses(api, 50, key: key).allSatisfy { $0 == 200 })
        let limited = try TestAPI {
            $0.keyCallsPerSecond = 1
            $0.keyBurstCalls = 3
        }
        try await api.makeClient("rp")
        let lines = (0..<100).map { #"{"session_id": "\#($0)", "client_id": "rp", "sub": "s"}"# }
        let answer = await limited.call(
            "POST /v1/issuers/acme/sessions/import",
            json: lines.joined(separator: "\n"),
            headers: [("content-type", "application/x-ndjson")]
        )
        #expect(answer.status == 200 && answer["imported"]?.int == 100)
    }

    @Test("the operator's key of the settings has a bucket too")
    func operatorKey() async throws {
        let api = try TestAPI {
            $0.keyCallsPerSecond = 1
            $0.keyBurstCalls = 2
        }
        let statuses = await Self.statuses(api, 12, key: TestAPI.operatorKey)
        #expect(statuses.prefix(2) == [200, 200] && statuses.contains(429))
    }

    @Test("its holder in the console takes from the same bucket")
    func operatorKeyOfTheConsole() async throws {
        let api = try TestAPI {
            $0.keyCallsPerSecond = 1
            $0.keyBurstCalls = 2
        }
        #expect(await Self.statuses(api, 1, key: TestAPI.operatorKey) == [200])
        var statuses: [Int] = []
        for _ in 0..<12 {
            let request = APIRequest(method: "GET", path: "/v1/issuers", headers: []) { _ in [] }
            statuses.append(await api.api.respondToConfiguredOperator(request).status)
        }
        #expect(statuses.first == 200 && statuses.contains(429))
    }

    @Test("a key's own limit takes the place of the usual one", arguments: [(1, 1), (1_000_000, 50)])
    func own(callsPerSecond: Int, passing: Int) async throws {
        let api = try await TestAPI.withIssuer {
            $0.keyCallsPerSecond = 20
            $0.keyBurstCalls = 20
        }
        let made = await api.call(
            "POST /v1/api-keys",
            json:
                #"{"name": "n", "issuer": "acme", "scopes": ["read"], "calls_per_second": \#(callsPerSecond)}"#
        )
        #expect(made["calls_per_second"]?.int == callsPerSecond)
        let key = try made.text("key")
        let statuses = await Self.statuses(api, 50, key: key)
        #expect(statuses.prefix(passing).allSatisfy { $0 == 200 })
        #expect(statuses.contains(429) == (callsPerSecond == 1))
    }

    @Test(
        "a limit is 1 to 1,000,000 calls a second, or none of its own",
        arguments: [
            ("0", 400), ("1", 201), ("1000000", 201), ("1000001", 400), ("null", 201), ("1.5", 400),
            (#""5""#, 400),
        ]
    )
    func range(value: String, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let body = #"{"name": "n", "issuer": "acme", "scopes": ["read"], "calls_per_second": \#(value)}"#
        let answer = await api.call("POST /v1/api-keys", json: body)
        #expect(answer.status == status)
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_request", "/calls_per_second")) }
    }

    @Test("guesses beyond their bound are refused without a look; proven keys do not feel it")
    func guesses() async throws {
        let api = try await TestAPI.withIssuer { $0.failedAuthenticationsPerSecond = 10 }
        let key = try await api.makeKey(of: "acme", ["read"])
        let late = try await api.makeKey(of: "acme", ["read"])
        try await api.call(Self.line, key: key).require(200)

        // Well formed or not, known or not, they are of one kind.
        let wrong = String(key.dropLast(43)) + String(repeating: "A", count: 43)
        let guesses = [AuthenticatorTests.unknownKey, wrong, "x", nil]
        var statuses: [Int: Int] = [:]
        for number in 0..<200 {
            let answer = await api.call(Self.line, key: guesses[number % 4])
            statuses[answer.status, default: 0] += 1
            if answer.status == 429 { #expect(answer.refusal == Self.limited) }
        }
        #expect(Set(statuses.keys) == [401, 429])
        #expect(try #require(statuses[401]) >= 10)
        #expect(try #require(statuses[429]) > 0)
        #expect(await Self.statuses(api, 20, key: key).allSatisfy { $0 == 200 })
        #expect(await api.call(Self.line).status == 200)
        try await eventually("a key that was not proven before") {
            await api.call(Self.line, key: late).status == 200
        }
    }
}
