import HTTPListener
import LastcallTestKit
import Synchronization
import Testing

/// Each caller here is too slow for a deadline of a tenth of a second; what is waited for is the end, not the time.
@Suite("Slow and silent callers")
struct DeadlineTests {
    static let short = Duration.milliseconds(100)

    private func limits(_ change: (inout ListenerLimits) -> Void) -> ListenerLimits {
        var limits = ListenerLimits()
        change(&limits)
        return limits
    }

    /// Lets more than ten idle deadlines pass, one after the other, as others meet them.
    private static func passDeadlines(_ listener: TestListener) async {
        for _ in 0..<12 {
            _ = await RawConnection.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", port: listener.port)
        }
    }

    @Test("a connection that says nothing is closed without a word")
    func silent() async throws {
        try await TestListener.run(limits { $0.headerDeadline = Self.short }) { listener in
            let received = await RawConnection.exchange([], port: listener.port)
            #expect(received.isEnded && received.bytes.isEmpty)
        }
    }

    @Test(
        "a head that is not complete in time is answered with 408",
        arguments: ["G", "GET /a HTTP/1.1\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n"]
    )
    func slowHead(start: String) async throws {
        try await TestListener.run(limits { $0.headerDeadline = .seconds(3) }) { listener in
            let received = await RawConnection.exchange(start, port: listener.port)
            // The connection's own deadline may come before its first byte does.
            #expect([[], [408]].contains(received.statuses) && received.isEnded, "\(received.text)")
            let connection = try #require(await RawConnection.open(port: listener.port))
            await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await connection.read { $0.text.hasSuffix("ok") }.statuses == [200])
            await connection.send(start)
            let second = await connection.readToEnd()
            #expect(second.statuses == [408] && second.isEnded, "\(second.text)")
            #expect(second.text.contains(#""code":"request_timeout""#))
        }
    }

    @Test("a head that comes byte by byte has no more time than another")
    func dripping() async throws {
        try await TestListener.run(limits { $0.headerDeadline = Self.short }) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            async let received = connection.readToEnd()
            // Ends when the server does not take any more.
            while await connection.send("G") {}
            #expect(await received.isEnded)
            #expect(listener.calls.all.isEmpty)
        }
    }

    @Test(
        "a body that is not complete in time is answered with 408",
        arguments: [
            "Content-Length: 9\r\n\r\n", "Content-Length: 9\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nab",
        ]
    )
    func slowBody(rest: String) async throws {
        try await TestListener.run(limits { $0.bodyDeadline = Self.short }) { listener in
            let received = await RawConnection.exchange(
                "POST /a HTTP/1.1\r\nHost: a\r\n\(rest)",
                port: listener.port
            )
            #expect(received.statuses == [408] && received.isEnded, "\(received.text)")
            #expect(listener.calls.all == ["POST /a too slow"])
        }
    }

    @Test("a body that is not read does not come too slowly")
    func unreadBody() async throws {
        let gate = AsyncGate()
        // Once the gate is open, a busy machine may take its time as well.
        let limits = limits {
            $0.bodyDeadline = Self.short * 100
            $0.idleDeadline = Self.short * 10
        }
        try await TestListener.run(limits, hold: gate.wait) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            let body = [UInt8](repeating: 0x61, count: 4 << 20)
            await connection.send(
                "POST /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            async let isSent = connection.send(body)
            await Self.passDeadlines(listener)
            gate.open()
            #expect(await isSent)
            let received = await connection.readToEnd()
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
        }
    }

    @Test("a long body has the more time, the more of it has come")
    func longBody() async throws {
        let limits = limits {
            $0.bodyDeadline = Self.short * 10
            $0.bodyFloor = 64
            $0.idleDeadline = Self.short
        }
        try await TestListener.run(limits) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            let most = [UInt8](repeating: 0x61, count: 100 << 10)
            let head =
                "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(most.count + 1)\r\n\r\n"
            // In one piece: the time between two might be too long already.
            await connection.send(Array(head.utf8) + most)
            await Self.passDeadlines(listener)
            await connection.send("a")
            let received = await connection.readToEnd()
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
        }
    }

    @Test("a call that takes its time is not cut, and the next request may wait behind it")
    func slowAnswer() async throws {
        let gate = AsyncGate()
        let limits = limits {
            $0.headerDeadline = Self.short * 10
            $0.idleDeadline = Self.short
        }
        try await TestListener.run(limits, hold: gate.wait) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            await connection.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n")
            await Self.passDeadlines(listener)
            gate.open()
            await connection.send("Connection: close\r\n\r\n")
            let received = await connection.readToEnd()
            #expect(received.statuses == [200, 200] && received.isEnded, "\(received.text)")
        }
    }

    @Test("a connection between two requests is closed without a word")
    func idle() async throws {
        try await TestListener.run(limits { $0.idleDeadline = Self.short }) { listener in
            let received = await RawConnection.exchange(
                "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
                port: listener.port
            )
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
        }
    }

    @Test("an answer that is not read is cut", arguments: ["", "Connection: close\r\n"])
    func slowReader(field: String) async throws {
        try await TestListener.run(limits { $0.writeDeadline = Self.short }, connections: 1) { listener in
            let connection = try #require(await RawConnection.open(port: listener.port))
            await connection.send("GET /big HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
            // There is room for one connection: another is served only once this one is gone.
            try await eventually("the slow reader's end") {
                await RawConnection.exchange(SmugglingTests.last, port: listener.port).statuses == [200]
            }
            let received = await connection.readToEnd()
            #expect(received.isEnded && received.bytes.count < 8 << 20)
        }
    }

    @Test("a large answer that is read comes whole, also where it is the last")
    func largeAnswer() async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(
                "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                port: listener.port
            )
            #expect(received.isEnded && received.bytes.count > 8 << 20)
        }
    }

    @Test("a caller beyond the limit is told so and let go, and nobody else notices")
    func noRoom() async throws {
        try await TestListener.run(connections: 2) { listener in
            let first = try #require(await RawConnection.open(port: listener.port))
            let second = try #require(await RawConnection.open(port: listener.port))
            for held in [first, second] {
                await held.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await held.read { $0.text.hasSuffix("ok") }.statuses == [200])
            }
            for _ in 0..<3 {
                let received = await RawConnection.exchange(SmugglingTests.last, port: listener.port)
                #expect(received.statuses == [503] && received.isEnded, "\(received.text)")
                #expect(
                    received.text.contains("Retry-After: 1\r\n")
                        && received.text.contains(#""code":"unavailable""#)
                )
            }
            await first.send(SmugglingTests.last)
            #expect(await first.readToEnd().statuses == [200])
        }
    }
}

/// Holds whoever waits until it is opened.
final class AsyncGate: Sendable {
    private let stream: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation

    init() {
        (stream, opening) = AsyncStream.makeStream(of: Void.self)
    }

    func open() { opening.finish() }

    func wait() async {
        for await _ in stream {}
    }
}
