import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Cursors", .lastcallDatabase)
struct CursorTests {
    static let refused = Answer.Refusal(400, "invalid_request")
    static let lists = [
        "/v1/issuers", "/v1/issuers/acme/clients", "/v1/issuers/acme/logout-events",
        "/v1/issuers/acme/deliveries",
        "/v1/issuers/acme/audit-events", "/v1/audit-events", "/v1/api-keys",
    ]

    /// Two of everything, for two issuers.
    static func filled() async throws -> TestAPI {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        for issuer in ["acme", "other"] {
            for name in ["a", "b"] {
                try await api.makeClient(name, of: issuer)
                _ = try await api.makeEvent(of: issuer)
                _ = try await api.makeKey(of: nil, [])
            }
        }
        return api
    }

    @Test("a cursor works in every process, in its own list and nowhere else")
    func ownList() async throws {
        let api = try await Self.filled()
        let process = try TestAPI()
        for list in Self.lists {
            let cursor = try await api.call("GET \(list)?limit=1").text("next_cursor")
            for other in Self.lists {
                let answer = await process.call("GET \(other)?limit=1&cursor=\(cursor)")
                if other == list {
                    #expect(answer.status == 200, "\(list)")
                } else {
                    #expect(answer.refusal == Self.refused, "\(list) in \(other)")
                }
            }
        }
    }

    @Test("a cursor of one issuer's list is refused in another's")
    func otherIssuer() async throws {
        let api = try await Self.filled()
        for list in ["clients", "logout-events", "deliveries", "audit-events"] {
            let cursor = try await api.call("GET /v1/issuers/acme/\(list)?limit=1").text("next_cursor")
            let answer = await api.call("GET /v1/issuers/other/\(list)?cursor=\(cursor)")
            #expect(answer.refusal == Self.refused, "\(list)")
        }
        let operators = try await api.call("GET /v1/api-keys?limit=1").text("next_cursor")
        let key = try await api.makeKey(of: "acme", ["admin"])
        #expect(await api.call("GET /v1/api-keys?cursor=\(operators)", key: key).refusal == Self.refused)
    }

    @Test("a cursor of which one bit was changed, or a byte cut, is refused")
    func forged() async throws {
        let api = try await Self.filled()
        let cursor = try await api.call("GET /v1/issuers/acme/clients?limit=1").text("next_cursor")
        let bytes = try Base64.urlDecode(cursor)
        var forged: [[UInt8]] = [
            Array(bytes.dropLast()), Array(bytes.dropFirst()), bytes + [0], Array(bytes.suffix(16)),
        ]
        forged += [Array(bytes.dropLast(16)), Array(bytes.prefix(1)) + Array(bytes.suffix(16))]
        for place in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << UInt8(bit)
                forged.append(changed)
            }
        }
        for bytes in forged {
            let text = Base64.urlEncode(bytes)
            let answer = await api.call("GET /v1/issuers/acme/clients?cursor=\(text)")
            #expect(answer.refusal == Self.refused, "\(text)")
        }
        #expect(await api.call("GET /v1/issuers/acme/clients?cursor=\(cursor)").status == 200)
    }

    @Test("another installation's cursor is refused")
    func otherInstallation() async throws {
        let api = try await Self.filled()
        let cursor = try await api.call("GET /v1/issuers/acme/clients?limit=1").text("next_cursor")
        try api.sql("update lastcall.installation set cursor_secret = sha256(cursor_secret)")
        let other = try TestAPI()
        #expect(await other.call("GET /v1/issuers/acme/clients?cursor=\(cursor)").refusal == Self.refused)
    }
}
