import HTTPListener
import LastcallTestKit
import Testing

/// Bytes on a real socket, and what must become of them: the right answer, or one refusal and the end of the connection.
@Suite("Requests that could be read in two ways")
struct SmugglingTests {
    static let host = "Host: a\r\n"
    static let last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    @Test(
        "what two readers could understand differently is refused once, and nothing behind it is read",
        arguments: [
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\na",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: +5\r\n\r\nabcde",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: -5\r\n\r\nabcde",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 0x5\r\n\r\nabcde",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 5 5\r\n\r\nabcde",
            "POST /a HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 18446744073709551617\r\n\r\na",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 9999999999999999999\r\n\r\na",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "POST /a HTTP/1.1\r\n\(host)Content-Length : 1\r\n\r\na",
            "POST /a HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A: b\r\n folded\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A: b\r\n\tfolded\r\n\r\n",
            "GET /a HTTP/1.1\r\n Host: a\r\n\r\n",
            "GET /a HTTP/1.1\nHost: a\n\n", "GET /a HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n", "GET /a HTTP/1.1\r\n\(host)X-A: b\r\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A: b\u{0}c\r\n\r\n", "GET /a HTTP/1.1\r\n\(host)X-\u{0}A: b\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A: b\u{1}c\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A: b\u{7F}c\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X A: b\r\n\r\n", "GET /a HTTP/1.1\r\n\(host): b\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)X-A\r\n\r\n", "GET /a HTTP/1.1\r\n\(host)X(A): b\r\n\r\n",
            "GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: u@a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", "GET /a HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /a\r\n\r\n", "GET /a \r\n\r\n", "GET /a HTTP/0.9\r\n\(host)\r\n",
            "GET /a HTTP/2.0\r\n\(host)\r\n",
            "GET /a HTTP/1.2\r\n\(host)\r\n", "GET /a HTTP/11.1\r\n\(host)\r\n",
            "GET /a http/1.1\r\n\(host)\r\n",
            "GET /a HTTP/1.1x\r\n\(host)\r\n", "GET\t/a\tHTTP/1.1\r\n\(host)\r\n",
            "GET /a b HTTP/1.1\r\n\(host)\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "* /a HTTP/1.1\r\n\(host)\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}\u{3}\u{3}",
            "\(String(repeating: "A", count: 20_000)) / HTTP/1.1\r\n\r\n",
            "GEt /a HTTP/1.1\r\n\(host)\r\n", "MADEUP /a HTTP/1.1\r\n\(host)\r\n",
            "CONNECT a:443 HTTP/1.1\r\n\(host)\r\n", "CONNECT /a HTTP/1.1\r\n\(host)\r\n",
            "GET a:80 HTTP/1.1\r\n\(host)\r\n",
            "GET * HTTP/1.1\r\n\(host)\r\n", "OPTIONS * HTTP/1.1\r\n\(host)\r\n",
            "GET a/b HTTP/1.1\r\n\(host)\r\n",
            "GET ftp://a/b HTTP/1.1\r\n\(host)\r\n", "GET http:///b HTTP/1.1\r\n\(host)\r\n",
            "GET http://u:p@a/b HTTP/1.1\r\n\(host)\r\n", "GET http:/b HTTP/1.1\r\n\(host)\r\n",
            "GET /a#b HTTP/1.1\r\n\(host)\r\n", "GET /a\u{1}b HTTP/1.1\r\n\(host)\r\n",
            "GET /\u{E9} HTTP/1.1\r\n\(host)\r\n",
            "GET ?a HTTP/1.1\r\n\(host)\r\n",
        ]
    )
    func refused(request: String) async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(request + Self.last, port: listener.port)
            #expect(received.statuses == [400], "\(received.text)")
            #expect(received.isEnded, "the connection stays open")
            #expect(received.text.contains("\r\nConnection: close\r\n"), "\(received.text)")
            #expect(received.text.contains(#""code":"invalid_request""#), "\(received.text)")
            #expect(listener.calls.all.isEmpty, "\(listener.calls.all)")
        }
    }

    @Test(
        "a body that breaks the rules of its coding is answered once, and nothing behind it is read",
        arguments: [
            "5x\r\nabcde\r\n0\r\n\r\n", "-1\r\n", "0x5\r\nabcde\r\n0\r\n\r\n", " 5\r\nabcde\r\n0\r\n\r\n",
            "5 \r\nabcde\r\n0\r\n\r\n", "5\nabcde\r\n0\r\n\r\n", "5\r\nabcdeXX0\r\n\r\n",
            "5\r\nabcde\n0\r\n\r\n",
            "fffffffffffffffff\r\nabcde", "10000000000000005\r\nabcde\r\n0\r\n\r\n", "\r\n",
            "5;a=\"\u{1}\"\r\nabcde\r\n0\r\n\r\n",
            "5;\u{0}\r\nabcde\r\n0\r\n\r\n", "0\r\nX A: b\r\n\r\n", "0\r\nX-A: b\n\r\n", "0\r\nX-A\r\n\r\n",
            "5\r\nabcde\r\n0\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n",
        ]
    )
    func brokenChunks(body: String) async throws {
        try await TestListener.run { listener in
            let head = "POST /a HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n"
            let received = await RawConnection.exchange(head + body + Self.last, port: listener.port)
            #expect(received.statuses == [400], "\(received.text)")
            #expect(received.isEnded)
            #expect(listener.calls.all == ["POST /a broken"], "\(listener.calls.all)")
        }
    }

    @Test(
        "what means one thing is answered as that",
        arguments: [
            ("POST /a HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nabcde", "POST /a 5"),
            ("POST /a HTTP/1.1\r\n\(host)content-length:\t5 \r\n\r\nabcde", "POST /a 5"),
            ("POST /a HTTP/1.1\r\n\(host)Content-Length: 0005\r\n\r\nabcde", "POST /a 5"),
            (
                "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: Chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
                "POST /a 5"
            ),
            (
                "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\n\r\n",
                "POST /a 5"
            ),
            (
                "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n05\r\nabcde\r\n0\r\nX: y\r\n\r\n",
                "POST /a 5"
            ),
            (
                "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nHost: b\r\n\r\n",
                "POST /a 5"
            ),
            ("POST /a HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n", "POST /a"),
            ("POST /a HTTP/1.1\r\n\(host)\r\n", "POST /a"),
            ("GET /a HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nabcde", "GET /a 5"),
            ("GET /a HTTP/1.1\r\n\(host)X-A: b\tc \u{E9}\r\n\r\n", "GET /a"),
            ("GET /a HTTP/1.1\r\nHOST: [::1]:8080\r\n\r\n", "GET /a"),
            ("GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a"), ("\r\nGET /a HTTP/1.1\r\n\(host)\r\n", "GET /a"),
            ("GET http://b:80/a HTTP/1.1\r\n\(host)\r\n", "GET /a"),
            ("GET HTTPS://b?x HTTP/1.1\r\n\(host)\r\n", "GET /"),
            ("GET http://b HTTP/1.1\r\n\(host)\r\n", "GET /"),
            ("GET //b/a HTTP/1.1\r\n\(host)\r\n", "GET //b/a"),
            ("OPTIONS /a HTTP/1.1\r\n\(host)\r\n", "OPTIONS /a"),
            ("PROPFIND /a HTTP/1.1\r\n\(host)\r\n", "PROPFIND /a"),
            (
                "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked \r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
                "POST /a 5"
            ),
            ("GET  /a HTTP/1.1\r\n\(host)\r\n", "GET /a"),
            ("GET /a HTTP/1.1\r\n\(host)Connection: keep-alive\r\n\r\n", "GET /a"),
        ]
    )
    func answered(request: String, call: String) async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(request + Self.last, port: listener.port)
            #expect(received.statuses == [200, 200] && received.isEnded, "\(received.text)")
            #expect(listener.calls.all == [call, "GET /last"], "\(listener.calls.all)")
        }
    }

    @Test(
        "an answer that ends the connection is the last, whatever was sent behind its request",
        arguments: [
            "GET /a HTTP/1.0\r\n\r\n", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)Connection: CLOSE\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)Connection: x, close\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)Connection: keep-alive\r\nConnection: close\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n",
            "GET /a HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ]
    )
    func last(request: String) async throws {
        try await TestListener.run { listener in
            let received = await RawConnection.exchange(request + Self.last, port: listener.port)
            #expect(received.statuses == [200] && received.isEnded, "\(received.text)")
            #expect(received.text.lowercased().contains("\r\nconnection: close\r\n"), "\(received.text)")
            #expect(received.text.hasPrefix(request.contains("HTTP/1.0") ? "HTTP/1.0 " : "HTTP/1.1 "))
            #expect(listener.calls.all == ["GET /a"])
        }
    }
}
