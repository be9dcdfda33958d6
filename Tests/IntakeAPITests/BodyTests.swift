import LastcallTestKit
import Testing

@Suite("Bodies", .lastcallDatabase)
struct BodyTests {
    static let event = "POST /v1/issuers/acme/logout-events"

    @Test(
        "a body is JSON in UTF-8, and says so",
        arguments: [
            (["application/json"], 202), (["Application/JSON; charset=UTF-8"], 202),
            ([#"application/json ;charset="utf-8""#], 202), (["application/json; profile=x"], 202),
            ([], 415), ([""], 415), (["text/plain"], 415), (["application/jsonp"], 415),
            (["application/x-www-form-urlencoded"], 415), (["application/json; charset=utf-16"], 415),
            (["application/json, text/plain"], 415), (["application/json", "application/json"], 400),
        ]
    )
    func mediaType(values: [String], status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let headers = values.map { ("content-type", $0) }
        let answer = await api.call(Self.event, body: Array(#"{"targets": []}"#.utf8), headers: headers)
        #expect(answer.status == status)
        if status == 415 { #expect(answer.refusal == .init(415, "unsupported_media_type")) }
    }

    @Test("a body has at most 1 MiB", arguments: [(1_048_576, 202), (1_048_577, 413)])
    func size(bytes: Int, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let text = #"{"targets": []}"#
        let answer = await api.call(
            Self.event,
            json: text + String(repeating: " ", count: bytes - text.utf8.count)
        )
        #expect(answer.status == status)
        if status == 413 { #expect(answer.refusal == .init(413, "too_large")) }
    }

    @Test(
        "what is no strict JSON object is refused, with a pointer where a member is meant",
        arguments: [
            ("", nil), ("{", nil), (#"{"targets": [],}"#, nil), (#"{"targets": [,]}"#, nil), ("{} {}", nil),
            (#"{'targets': []}"#, nil), (#"{"targets": [] /* */}"#, nil), ("\u{FEFF}{\"targets\": []}", nil),
            (#"{"targets": [{"client_id": "a\u0000", "sub": "s"}]}"#, nil), ("{\"a\u{0}\": 1}", nil),
            (#"{"targets": [{"client_id": "a", "sub": "\ud800"}]}"#, nil),
            (#"{"targets": [], "targets": []}"#, "/targets"),
            (#"{"targets": [{"client_id": "a", "sub": "s", "sub": "s"}]}"#, "/targets/0/sub"),
            (#"{"targets": [], "sub\u006c": 1, "subl": 2}"#, "/subl"),
            ("[]", ""), ("null", ""), (#""targets""#, ""), ("12", ""),
            (#"{"targets": [], "nonsense": 1}"#, "/nonsense"), (#"{"targets": [], "a/b~c": 1}"#, "/a~1b~0c"),
            (#"{"targets": [], "": 1}"#, "/"),
            (#"{"targets": [{"client_id": "a", "sub": "s", "iss": "x"}]}"#, "/targets/0/iss"),
            (String(repeating: "[", count: 33) + String(repeating: "]", count: 33), nil),
            (String(repeating: #"{"a":"#, count: 100_000), nil),
        ]
    )
    func malformed(text: String, pointer: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.event, json: text)
        #expect(answer.refusal == .init(400, "invalid_request", pointer), "\(answer.text)")
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
    }

    @Test(
        "bytes that are no UTF-8 are refused",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]]
            as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) async throws {
        let api = try await TestAPI.withIssuer()
        let body = Array(#"{"targets": [{"client_id": "a", "sub": ""#.utf8) + bytes + Array(#""}]}"#.utf8)
        let answer = await api.call(Self.event, body: body, headers: [("content-type", "application/json")])
        #expect(answer.refusal == .init(400, "invalid_request"))
    }

    @Test("UTF-16 is refused")
    func utf16() async throws {
        let api = try await TestAPI.withIssuer()
        let body = #"{"targets": []}"#.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let answer = await api.call(Self.event, body: body, headers: [("content-type", "application/json")])
        #expect(answer.refusal == .init(400, "invalid_request"))
    }

    @Test(
        "a call without a body takes none, other than an empty object",
        arguments: [("", 204), ("{}", 204), (#"{"a": 1}"#, 400), ("[]", 400), ("x", 400)]
    )
    func noBody(text: String, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        #expect(await api.call("DELETE /v1/issuers/acme/clients/rp", json: text).status == status)
    }
}
