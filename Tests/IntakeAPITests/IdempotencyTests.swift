import LastcallTestKit
import Testing

@Suite("Idempotency keys", .lastcallDatabase)
struct IdempotencyTests {
    static let line = "POST /v1/issuers/acme/logout-events"
    static let body =
        #"{"targets": [{"client_id": "a", "sid": "1"}, {"client_id": "b", "sub": "2"}], "priority": "bulk"}"#

    @Test(
        "the same meaning under the same key is the same event, whatever its spelling",
        arguments: [
            body,
            #"{ "priority":"bulk","targets":[{"sid":"1","client_id":"a"},{"sub":"\u0032","client_id":"b"}] }"#,
            #"{"targets": [{"client_id": "b", "sub": "2"}, {"client_id": "a", "sid": "1", "sub": null}], "priority": "bulk"}"#,
            #"""
            {"targets": [{"client_id": "a", "sid": "1"}, {"client_id": "b", "sub": "2"}, {"client_id": "a", "sid": "1"}],
             "priority": "bulk", "initiator": "idp-logout", "exclude_initiating_client": false, "initiating_client_id": null}
            """#,
        ]
    )
    func replay(again: String) async throws {
        let api = try await TestAPI.withIssuer()
        let first = await api.call(Self.line, json: Self.body, headers: [("idempotency-key", "k")])
        #expect(first.status == 202 && first.header("Idempotency-Replayed").isEmpty)
        let second = await api.call(Self.line, json: again, headers: [("idempotency-key", "k")])
        #expect(second.status == 200 && second.header("Idempotency-Replayed") == ["true"])
        #expect(second["id"] == first["id"] && second.header("Location") == first.header("Location"))
        #expect(second.json.names == first.json.names)
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").count == 1)
    }

    @Test(
        "another meaning under the same key is a conflict",
        arguments: [
            #"{"targets": [{"client_id": "a", "sid": "1"}]}"#,
            #"{"targets": [{"client_id": "a", "sid": "1"}, {"client_id": "b", "sub": "2"}]}"#,
            #"{"targets": [{"client_id": "a", "sub": "1"}, {"client_id": "b", "sub": "2"}], "priority": "bulk"}"#,
            #"{"targets": [{"client_id": "a", "sid": "1"}, {"client_id": "b", "sid": "2"}], "priority": "bulk"}"#,
            body.replacing("}]", with: "}], \"deliver_within_seconds\": 60"),
            body.replacing("}]", with: "}], \"initiator\": \"rp-logout\""),
            body.replacing("}]", with: "}], \"initiating_client_id\": \"a\""),
            body.replacing("}]", with: "}], \"session_durability\": \"durable\""),
        ]
    )
    func conflict(other: String) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.call(Self.line, json: Self.body, headers: [("idempotency-key", "k")]).require(202)
        let answer = await api.call(Self.line, json: other, headers: [("idempotency-key", "k")])
        #expect(answer.refusal == .init(409, "idempotency_conflict"), "\(answer.text)")
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").count == 1)
    }

    @Test("a key is one issuer's own, and is compared byte for byte")
    func scopeOfKey() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        for (issuer, key) in [("acme", "k"), ("other", "k"), ("acme", "K"), ("acme", "k.")] {
            let line = "POST /v1/issuers/\(issuer)/logout-events"
            try await api.call(line, json: Self.body, headers: [("idempotency-key", key)]).require(202)
        }
    }

    @Test(
        "a key is 1 to 255 visible ASCII characters and sent once",
        arguments: [
            ([String(repeating: "k", count: 255)], 202), ([String(repeating: "k", count: 256)], 400),
            ([""], 400),
            (["a b"], 400), (["é"], 400), (["\u{7F}"], 400), (["k", "k"], 400), (["~!"], 202),
        ]
    )
    func grammar(keys: [String], status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: Self.body, headers: keys.map { ("idempotency-key", $0) })
        #expect(answer.status == status)
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_request")) }
    }

    @Test("concurrent twins, in one process and in two, become one event")
    func twins() async throws {
        let processes = [try await TestAPI.withIssuer(), try TestAPI()]
        let answers = await withTaskGroup(of: Answer.self) { group in
            for index in 0..<16 {
                group.addTask {
                    await processes[index % 2].call(
                        Self.line,
                        json: Self.body,
                        headers: [("idempotency-key", "k")]
                    )
                }
            }
            return await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 202 } == 1)
        #expect(answers.allSatisfy { [200, 202].contains($0.status) })
        #expect(Set(answers.map { $0["id"] }).count == 1)
    }

    @Test("a replay finds its event even when its deadline is past by then")
    func lateReplay() async throws {
        let api = try await TestAPI.withIssuer()
        let clock =
            "to_char(now() at time zone 'utc' + interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        let time = try #require(try api.sqlTexts("select \(clock)").first)
        let body = #"{"targets": [], "deliver_before": "\#(time)"}"#
        let first = await api.call(Self.line, json: body, headers: [("idempotency-key", "k")])
        #expect(first.status == 202)
        try await eventually("the refusal") { await api.call(Self.line, json: body).status == 400 }
        let second = await api.call(Self.line, json: body, headers: [("idempotency-key", "k")])
        #expect(second.status == 200 && second["id"] == first["id"])
    }
}
