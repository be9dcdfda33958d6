import LastcallTestKit
import Testing

/// What each limit does is the business of the listener's and the client's own tests; here, that a setting reaches it.
@Suite("Limits of a process", .lastcallDatabase, .serialized)
struct LimitTests {
    @Test("callers have the time and the room that the settings give them")
    func callers() async throws {
        let api = try await Fleet().start(
            "serve",
            [
                "LASTCALL_API_BODY_DEADLINE_SECONDS": "0.1", "LASTCALL_API_IDLE_SECONDS": "0.1",
                "LASTCALL_API_HEADER_LIMIT_BYTES": "2048", "LASTCALL_API_HEADER_FIELD_LIMIT": "10",
                "LASTCALL_API_TARGET_LIMIT_BYTES": "1024",
            ]
        )
        let many = String(repeating: "X: y\r\n", count: 10)
        let head =
            "Host: a\r\nContent-Type: application/json\r\nAuthorization: Bearer \(Fleet.operatorKey)\r\n"
        for (request, statuses) in [
            ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", [200]),
            ("PUT /v1/issuers/op HTTP/1.1\r\n\(head)Content-Length: 9\r\n\r\n", [408]),
            ("GET /\(String(repeating: "a", count: 1_024)) HTTP/1.1\r\nHost: a\r\n\r\n", [414]),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 2_048))\r\n\r\n", [431]),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n", [431]),
        ] as [(String, [Int])] {
            let received = await RawConnection.exchange(request, port: api.port)
            #expect(received.statuses == statuses && received.isEnded, "\(received.text)")
        }
        #expect(await api.process.stop() == .exit(0))
    }

    @Test("no more connections are held than the setting says")
    func connections() async throws {
        let api = try await Fleet().start("serve", ["LASTCALL_API_CONNECTION_LIMIT": "2"])
        let held = [
            try #require(await RawConnection.open(port: api.port)),
            try #require(await RawConnection.open(port: api.port)),
        ]
        for connection in held {
            await connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await connection.read { !$0.statuses.isEmpty }.statuses == [200])
        }
        let received = await RawConnection.exchange(TLSTests.health, port: api.port)
        #expect(received.statuses == [503] && received.isEnded, "\(received.text)")
        #expect(await api.process.stop() == .exit(0))
    }

    @Test("a relying party is spoken to in no older TLS than the setting says")
    func oldTLS() async throws {
        let fleet = try Fleet(["LASTCALL_RP_TLS_MINIMUM_VERSION": "1.3"])
        let authority = try TestAuthority.shared().authority
        let (old, new) = (
            try ScriptedRelyingParty(authority: authority, transport: .tls12Only), try Fleet.relyingParty()
        )
        let once = #"{"retry_waits_seconds": [0.01], "max_attempts": 1}"#
        try await fleet.prepare(["old": old.uri(), "new": new.uri()], delivery: once)
        let worker = try await fleet.start("work")
        for (client, outcome) in [("old", "tls_failure"), ("new", "delivered")] {
            let ended = try await fleet.end(of: fleet.logout(client))
            #expect(try ended.first?.attempts("outcome") == [outcome])
        }
        #expect(old.received.isEmpty && new.received.count == 1)
        #expect(await worker.process.stop() == .exit(0))
    }
}
