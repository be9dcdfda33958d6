import HTTPListener
import LastcallTestKit
import Testing

@Suite("Requests on one connection")
struct ConnectionTests {
    static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    static let last = SmugglingTests.last

    @Test("requests that are sent ahead are answered in order, each whole")
    func pipelined() async throws {
        try await TestListener.run { listener in
            let post = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            let received = await RawConnection.exchange(
                Self.get + post + Self.get + Self.last,
                port: listener.port
            )
            #expect(received.statuses == [200, 200, 200, 200] && received.isEnded, "\(received.text)")
            #expect(listener.calls.all == ["GET /a", "POST /b 3", "GET /a", "GET /last"])
        }
    }

    @Test("a bad request behind good ones is refused after their answers, and once")
    func badBehindGood() async throws {
        try await TestListener.run { listener in
            for bad in ["GET /b\r\n\r\n", "GET b HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let received = await RawConnection.exchange(
                    Self.get + Self.get + bad + Self.last,
                    port: listener.port
                )
                #expect(received.statuses == [200, 200, 400] && received.isEnded, "\(received.text)")
                // Only what is said last may say that it is.
                #expect(received.text.ranges(of: "Connection: close").count == 1, "\(received.text)")
            }
            #expect(Set(listener.calls.all) == ["GET /a"])
        }
    }

    @Test("no more than 64 requests are taken ahead of their answers")
    func tooManyAhead() async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(
                String(repeating: Self.get, count: 2_000) + Self.last,
                port: listener.port
            )
            #expect(received.isEnded && received.statuses.last == 400, "\(received.text.suffix(300))")
            #expect(received.statuses.dropLast().allSatisfy { $0 == 200 })
            #expect(received.statuses.count == listener.calls.all.count + 1)
        }
    }

    @Test("a body that nobody reads is not taken for a request, however it comes", arguments: [true, false])
    func unreadBody(isChunked: Bool) async throws {
        try await TestListener.run { listener in
            let inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"
            let head = "POST /unread HTTP/1.1\r\nHost: a\r\n"
            let length =
                isChunked ? "Transfer-Encoding: chunked\r\n\r\nffff\r\n" : "Content-Length: 100000\r\n\r\n"
            let received = await RawConnection.exchange(
                head + length + inner + Self.last,
                port: listener.port
            )
            #expect(received.statuses == [401] && received.isEnded, "\(received.text)")
            #expect(received.text.contains("Connection: close"))
            #expect(listener.calls.all == ["POST /unread"])
        }
    }

    @Test("a body that was there before its answer does not end the connection")
    func readBody() async throws {
        try await TestListener.run { listener in
            let post = "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            let received = await RawConnection.exchange(post + Self.last, port: listener.port)
            #expect(received.statuses == [401, 200] && received.isEnded, "\(received.text)")
        }
    }

    @Test("a caller that waits for 100 Continue gets it when its body is wanted")
    func expectation() async throws {
        try await TestListener.run { listener in
            let head =
                "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
            let connection = try #require(await RawConnection.open(port: listener.port))
            await connection.send(head)
            let first = await connection.read { $0.text.hasSuffix("\r\n\r\n") }
            #expect(first.text == "HTTP/1.1 100 Continue\r\n\r\n")
            await connection.send("abc")
            let rest = await connection.readToEnd()
            #expect(rest.statuses == [200] && rest.isEnded, "\(rest.text)")
            #expect(listener.calls.all == ["POST /a 3"])
        }
    }

    @Test(
        "a caller that waits for it gets the answer alone where its body is not wanted, or is there",
        arguments: [
            ("POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", [401]),
            (
                "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc\(last)",
                [200, 200]
            ),
            ("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", [200]),
            ("POST /a HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc\(last)", [417]),
        ]
    )
    func noContinue(request: String, statuses: [Int]) async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(request, port: listener.port)
            #expect(received.statuses == statuses && received.isEnded, "\(received.text)")
        }
    }

    @Test("the 100 Continue of a request comes behind the answers to those before it")
    func expectationInOrder() async throws {
        let gate = AsyncGate()
        try await TestListener.run(hold: gate.wait) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            await connection.send(
                "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nPOST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            try await eventually("the first call") { listener.calls.all == ["GET /slow"] }
            gate.open()
            let first = await connection.read { $0.text.hasSuffix("100 Continue\r\n\r\n") }
            #expect(first.statuses.first == 200, "\(first.text)")
            await connection.send("abc")
            #expect(await connection.readToEnd().statuses == [200])
            #expect(listener.calls.all == ["GET /slow", "POST /a 3"])
        }
    }

    @Test("a caller that waits for 100 Continue gets none once its answer has begun")
    func answerHasBegun() async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(
                "POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
                port: listener.port
            )
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
            #expect(!received.text.contains("100 Continue") && received.text.hasSuffix("\r\n\r\nok"))
        }
    }

    @Test("a caller that only closes its own side is answered")
    func halfClosed() async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(Self.get, port: listener.port, halfClose: true)
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
        }
    }

    @Test(
        "a request that ends too early is refused once",
        arguments: [
            ("GET /a HTTP/1.1\r\nHost: a\r\n", ""), ("G", ""),
            ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", "POST /a broken"),
            (
                "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "POST /a broken"
            ),
        ]
    )
    func cutShort(request: String, call: String) async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(request, port: listener.port, halfClose: true)
            #expect(received.statuses == [400] && received.isEnded, "\(received.text)")
            #expect(listener.calls.all.joined() == call)
        }
    }

    @Test("a caller that goes away costs nothing, and the next one is served")
    func gone() async throws {
        try await TestListener.run(connections: 1) { listener in
            for request in [
                "", "GET /a", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", Self.get,
            ] {
                let connection = await RawConnection.open(port: listener.port)
                await connection?.send(request)
            }
            try await eventually("room again") {
                await RawConnection.exchange(Self.last, port: listener.port).statuses == [200]
            }
        }
    }

    @Test("limits of the head hold on both sides")
    func limits() async throws {
        var limits = ListenerLimits()
        limits.headerBytes = 2_048
        limits.targetBytes = 1_024
        limits.headerFields = 10
        let end = "Connection: close\r\n\r\n"
        try await TestListener.run(limits) { listener in
            for (request, status) in [
                ("GET \(Self.path(1_024)) HTTP/1.1\r\nHost: a\r\n\(end)", 200),
                ("GET \(Self.path(1_025)) HTTP/1.1\r\nHost: a\r\n\(end)", 414),
                ("GET \(Self.path(3_000)) HTTP/1.1\r\nHost: a\r\n\(end)", 431),
                // /a, Host, a, Connection, close and X are 23 bytes.
                ("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.field(2_025))\(end)", 200),
                ("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.field(2_026))\(end)", 431),
                ("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.many(8))\(end)", 200),
                ("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.many(9))\(end)", 431),
            ] {
                let received = await RawConnection.exchange(request, port: listener.port)
                #expect(
                    received.statuses == [status] && received.isEnded,
                    "\(request.count) \(received.text)"
                )
                if status != 200 { #expect(received.text.contains(#""code":"too_large""#)) }
            }
        }
    }

    private static func path(_ length: Int) -> String { "/" + String(repeating: "a", count: length - 1) }

    private static func field(_ length: Int) -> String {
        "X: " + String(repeating: "a", count: length) + "\r\n"
    }

    private static func many(_ count: Int) -> String { String(repeating: "X: y\r\n", count: count) }
}
