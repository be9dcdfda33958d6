import LastcallTestKit
import Testing

@Suite("Logout request verifier")
struct LogoutRequestVerifierTests {
    typealias Defect = LogoutRequestVerifier.Defect
    typealias Header = (name: String, value: String)

    static func headers(_ length: Int, _ changes: [String: String?] = [:]) -> [Header] {
        var headers: [Header] = [
            ("Host", "rp.example.com"), ("User-Agent", "Lastcall/0.1"), ("Accept", "*/*"),
            ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", String(length)),
        ]
        for (name, value) in changes {
            headers.removeAll { $0.name == name }
            if let value { headers.append((name, value)) }
        }
        return headers
    }

    @Test("a good request gives its token; Connection is optional")
    func good() throws {
        let body = Array("logout_token=aA0-._.z".utf8)
        let plain = Self.headers(body.count)
        #expect(try LogoutRequestVerifier.token(method: "POST", headers: plain, body: body) == "aA0-._.z")
        let more = Self.headers(body.count, ["connection": "keep-alive"])
        #expect(try LogoutRequestVerifier.token(method: "POST", headers: more, body: body) == "aA0-._.z")
    }

    @Test(
        "each planted header defect has its own name",
        arguments: [
            (["Transfer-Encoding": "chunked"], Defect.headerExtra("transfer-encoding")),
            (["Cookie": "a=b"], .headerExtra("cookie")),
            (["Authorization": "Basic eDp5"], .headerExtra("authorization")),
            (["Expect": "100-continue"], .headerExtra("expect")),
            (["traceparent": "00-1-2-01"], .headerExtra("traceparent")),
            (["host": "other"], .headerRepeated("host")),
            (["Host": nil], .headerMissing("host")),
            (["Accept": nil], .headerMissing("accept")),
            (["Content-Length": nil], .headerMissing("content-length")),
            (["Content-Length": "19"], .contentLength("19")),
            (["Content-Length": "018"], .contentLength("018")),
            (
                ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                .contentType("application/x-www-form-urlencoded; charset=utf-8")
            ),
            (["User-Agent": "curl/7.88.1"], .userAgent("curl/7.88.1")),
            (["User-Agent": "Lastcall/"], .userAgent("Lastcall/")),
        ] as [([String: String?], Defect)]
    )
    func headerDefects(changes: [String: String?], expected: Defect) {
        let body = Array("logout_token=a.b.c".utf8)
        #expect(throws: expected) {
            try LogoutRequestVerifier.token(
                method: "POST",
                headers: Self.headers(body.count, changes),
                body: body
            )
        }
    }

    @Test(
        "each planted body defect has its own name",
        arguments: [
            ("", Defect.bodyStart), ("Logout_token=a.b.c", .bodyStart),
            ("a=b&logout_token=a.b.c", .bodyStart),
            ("logout_token=a.b.c&x=y", .bodyByte(at: 18)), ("logout_token=a%2Eb.c", .bodyByte(at: 14)),
            ("logout_token=a.b.c\r\n", .bodyByte(at: 18)), ("logout_token=a.b=.c", .bodyByte(at: 16)),
            ("logout_token=a.b", .dots(1)), ("logout_token=a.b.c.d", .dots(3)), ("logout_token=", .dots(0)),
        ]
    )
    func bodyDefects(text: String, expected: Defect) {
        let body = Array(text.utf8)
        #expect(throws: expected) {
            try LogoutRequestVerifier.token(method: "POST", headers: Self.headers(body.count), body: body)
        }
    }

    @Test("only POST will do", arguments: ["GET", "PUT", "post", ""])
    func method(method: String) {
        #expect(throws: Defect.method(method)) {
            try LogoutRequestVerifier.token(method: method, headers: Self.headers(0), body: [])
        }
    }
}
