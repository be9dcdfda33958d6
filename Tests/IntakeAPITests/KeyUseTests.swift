import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Use of API keys", .lastcallDatabase)
struct KeyUseTests {
    static func lastUse(_ api: TestAPI) async -> [JSON?] {
        await api.call("GET /v1/api-keys")["items"]?.elements.map { $0["last_used_at"] } ?? []
    }

    @Test("when a key was last used is written down later, all of them together")
    func written() async throws {
        let api = try await TestAPI.withIssuer()
        let keys = [try await api.makeKey(of: "acme", ["read"]), try await api.makeKey(of: "acme", ["read"])]
        _ = try await api.makeKey(of: "acme", ["read"])
        for key in keys { try await api.call("GET /v1/issuers", key: key).require(200) }
        let wrong = String(keys[0].dropLast(43)) + String(repeating: "A", count: 43)
        #expect(await api.call("GET /v1/issuers", key: wrong).status == 401)
        #expect(await Self.lastUse(api) == [.null, .null, .null])
        await api.api.keyUse.write()
        let written = await Self.lastUse(api)
        #expect(written.first == .null && written.dropFirst().allSatisfy { $0 != .null })
        let age = """
            select (max(now() - last_used_at) < interval '1 min' and min(now() - last_used_at) >= interval '0')::text
            from lastcall.api_keys where last_used_at is not null
            """
        #expect(try api.sqlTexts(age) == ["true"])
        // Nothing new is nothing to write, and an earlier use in another process changes nothing.
        await api.api.keyUse.write()
        #expect(await Self.lastUse(api) == written)
        try api.sql(
            "update lastcall.api_keys set last_used_at = now() + interval '1 h' where last_used_at is not null"
        )
        let later = await Self.lastUse(api)
        try await api.call("GET /v1/issuers", key: keys[0]).require(200)
        await api.api.keyUse.write()
        #expect(await Self.lastUse(api) == later)
    }

    @Test("what cannot be written down is kept for the next time")
    func kept() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        try await api.call("GET /v1/issuers", key: key).require(200)
        try api.sql("alter table lastcall.api_keys rename column last_used_at to hidden")
        await api.api.keyUse.write()
        try api.sql("alter table lastcall.api_keys rename column hidden to last_used_at")
        await api.api.keyUse.write()
        #expect(await Self.lastUse(api).allSatisfy { $0 != .null })
    }
}
