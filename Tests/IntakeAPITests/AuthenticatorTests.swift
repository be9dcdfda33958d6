import IntakeAPI
import LastcallTestKit
import PostgresClient
import StrictJSON
import Synchronization
import Testing

@Suite("Authentication", .lastcallDatabase)
struct AuthenticatorTests {
    static let lines = [
        "GET /v1/issuers", "GET /v1/issuers/ghost", "POST /v1/issuers/acme/logout-events", "GET /nothing",
        "PATCH /v1/api-keys", "GET /v1/issuers/%zz", "GET /v1/issuers?limit=0",
    ]
    static let unknownKey = "lc_019000000000700080000000000000aa_\(String(repeating: "A", count: 43))"

    @Test(
        "whatever is no valid key is answered alike, before anything else is looked at",
        arguments: [
            [], [""], ["Bearer"], ["Bearer "], [TestAPI.operatorKey], ["Basic \(TestAPI.operatorKey)"],
            ["Bearer  \(TestAPI.operatorKey)"], ["Bearer \(TestAPI.operatorKey) "],
            ["Bearer \(TestAPI.operatorKey.dropLast())"], ["Bearer \(TestAPI.operatorKey)0"],
            ["Bearer \(TestAPI.operatorKey.uppercased())"], ["Bearer \(TestAPI.operatorKey), Bearer x"],
            ["Bearer \(TestAPI.operatorKey)", "Bearer \(TestAPI.operatorKey)"], ["Bearer x"], ["Bearer lc_"],
            ["Bearer \(unknownKey)"], ["Bearer \(unknownKey.uppercased())"], ["Bearer ключ"],
            ["Bearer \(String(repeating: "k", count: 100_000))"],
        ]
    )
    func refused(fields: [String]) async throws {
        let api = try await TestAPI.withIssuer()
        let reference = await api.call("GET /v1/issuers", key: nil)
        #expect(reference.refusal == .init(401, "unauthorized"))
        #expect(reference.header("WWW-Authenticate") == [#"Bearer realm="lastcall""#])
        for line in Self.lines {
            let answer = await api.call(line, key: nil, headers: fields.map { ("authorization", $0) })
            #expect(answer.status == 401 && answer.body == reference.body, "\(line)")
            #expect(answer.headers.map(\.value) == reference.headers.map(\.value))
        }
    }

    @Test("the scheme is read in any case", arguments: ["Bearer", "bearer", "BEARER"])
    func scheme(word: String) async throws {
        let api = try TestAPI()
        let headers = [("authorization", "\(word) \(TestAPI.operatorKey)")]
        #expect(await api.call("GET /v1/issuers", key: nil, headers: headers).status == 200)
    }

    @Test(
        "the operator's key of the settings has 32 to 255 characters",
        arguments: [(31, 401), (32, 200), (255, 200), (256, 401)]
    )
    func operatorKeyLength(length: Int, status: Int) async throws {
        let key = String(repeating: "k", count: length)
        let api = try TestAPI { $0.operatorKey = key }
        #expect(await api.call("GET /v1/issuers", key: key).status == status)
    }

    @Test("without an operator's key in the settings the usual one opens nothing")
    func noOperatorKey() async throws {
        let api = try TestAPI { $0.operatorKey = nil }
        #expect(await api.call("GET /v1/issuers").refusal == .init(401, "unauthorized"))
    }

    @Test("another secret with a known id is refused like an unknown id")
    func wrongSecret() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        let wrong = key.dropLast(43) + String(repeating: "A", count: 43)
        let answer = await api.call("GET /v1/issuers", key: String(wrong))
        let unknown = await api.call("GET /v1/issuers", key: Self.unknownKey)
        #expect(answer.status == 401 && answer.body == unknown.body)
        #expect(await api.call("GET /v1/issuers", key: key).status == 200)
    }

    @Test("an expired key is refused")
    func expired() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        try api.sql("update lastcall.api_keys set expires_at = now() + interval '1 hour'")
        #expect(await api.call("GET /v1/issuers", key: key).status == 200)
        try api.sql("update lastcall.api_keys set expires_at = now()")
        // Another process asks afresh.
        #expect(await (try TestAPI()).call("GET /v1/issuers", key: key).refusal == .init(401, "unauthorized"))
    }

    @Test("a key that expires while it is believed is refused from that moment")
    func expiresMeanwhile() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        // Shorter than what is known of a key is believed.
        try api.sql("update lastcall.api_keys set expires_at = clock_timestamp() + interval '900 ms'")
        _ = await api.call("GET /v1/issuers", key: key)
        try await eventually("the end of the key") {
            let isOver =
                try api.sqlTexts("select (clock_timestamp() >= expires_at)::text from lastcall.api_keys") == [
                    "true"
                ]
            let answer = await api.call("GET /v1/issuers", key: key)
            if isOver { #expect(answer.refusal == .init(401, "unauthorized")) }
            return isOver
        }
    }

    @Test(
        "a flood of unknown ids is answered without the database, but for as many as the bound lets through"
    )
    func flood() async throws {
        let api = try await TestAPI.withIssuer { $0.failedAuthenticationsPerSecond = 1 }
        // Whoever is looked up waits here, and shows among the jobs of the pool.
        let holder = try api.lock("lastcall.api_keys")
        let answers = Answers()
        let start = ContinuousClock.now
        async let calls: Void = withDiscardingTaskGroup { group in
            for number in 0..<300 {
                let id = String(repeating: "0", count: 9 - "\(number)".count) + "\(number)"
                let key = "lc_01900000000070008000000\(id)_\(String(repeating: "A", count: 43))"
                group.addTask { answers.add(await api.call("GET /v1/issuers", key: key).status) }
            }
        }
        let waiting = try await eventually("an answer to all that do not wait") {
            let jobs = api.pool.statistics
            let waiting = jobs.busy + jobs.queued
            return answers.all.count + waiting == 300 ? waiting : nil
        }
        let seconds = Int((ContinuousClock.now - start).components.seconds)
        #expect((1...2 + seconds).contains(waiting))
        #expect(Set(answers.all) == [429])
        try holder.execute(script: "rollback")
        await calls
        #expect(answers.all.count == 300 && Set(answers.all) == [401, 429])
    }

    @Test("a wrong secret neither uses nor disturbs what is known of its key")
    func wrongAfterRight() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        let wrong = String(key.dropLast(43)) + String(repeating: "A", count: 43)
        for _ in 0..<3 {
            #expect(await api.call("GET /v1/issuers", key: key).status == 200)
            #expect(await api.call("GET /v1/issuers", key: wrong).refusal == .init(401, "unauthorized"))
        }
    }

    @Test("a revoked key is refused at once where it was revoked, and soon by every other process")
    func revoked() async throws {
        let api = try await TestAPI.withIssuer()
        let other = try TestAPI()
        let key = try await api.makeKey(of: "acme", ["read"])
        let id = try #require(await api.call("GET /v1/api-keys")["items"]?.elements.first?["id"]?.string)
        for process in [api, other] { #expect(await process.call("GET /v1/issuers", key: key).status == 200) }
        #expect(await api.call("DELETE /v1/api-keys/\(id)").status == 204)
        #expect(await api.call("GET /v1/issuers", key: key).refusal == .init(401, "unauthorized"))
        try await eventually("the revocation") { await other.call("GET /v1/issuers", key: key).status == 401 }
        #expect(await api.call("DELETE /v1/api-keys/\(id)").refusal == .init(404, "not_found"))
    }

    @Test("a key of a deleted issuer changes nothing, even where it is still believed")
    func deletedIssuer() async throws {
        let api = try await TestAPI.withIssuer()
        let other = try TestAPI()
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        let client = #"{"backchannel_logout_uri": "https://rp.example/"}"#
        try await other.call("PUT /v1/issuers/acme/clients/rp", key: key, json: client).require(201)
        try await other.call("GET /v1/issuers/acme").require(200)
        try await api.call("DELETE /v1/issuers/acme").require(204)
        let writes = [
            ("PUT /v1/issuers/acme/clients/new", client),
            ("POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256"}"#),
            ("POST /v1/issuers/acme/logout-events", #"{"targets": []}"#),
            ("POST /v1/api-keys", #"{"name": "n", "scopes": ["read"]}"#),
        ]
        for (line, body) in writes {
            let answer = await other.call(line, key: key, json: body)
            #expect([401, 404].contains(answer.status), "\(line): \(answer.text)")
            guard line.contains("acme") else { continue }
            let byOperator = await other.call(line, json: body)
            #expect(byOperator.refusal == .init(404, "not_found"), "\(line)")
        }
    }
}

/// The statuses that many calls at once were answered with.
private final class Answers: Sendable {
    private let statuses = Mutex<[Int]>([])

    var all: [Int] { statuses.withLock { $0 } }

    func add(_ status: Int) { statuses.withLock { $0.append(status) } }
}
