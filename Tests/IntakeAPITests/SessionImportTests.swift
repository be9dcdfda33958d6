import IntakeAPI
import LastcallTestKit
import PostgresClient
import StrictJSON
import Synchronization
import Testing

@Suite("Import of sessions", .lastcallDatabase)
struct SessionImportTests {
    static let path = "/v1/issuers/acme/sessions/import"
    static let good = #"{"session_id": "s", "client_id": "rp", "sub": "u", "sid": "i"}"#

    private func withClient() async throws -> TestAPI {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        return api
    }

    private static func line(_ number: Int) -> String {
        #"{"session_id": "s\#(number)", "client_id": "rp", "sub": "u\#(number % 100)", "sid": "i\#(number)"}"#
    }

    @Test(
        "ten thousand lines and more are recorded, whatever pieces they come in",
        arguments: [7_919, 65_536]
    )
    func many(piece: Int) async throws {
        let api = try await withClient()
        let text = (1...10_321).map(Self.line).joined(separator: "\n")
        let answer = await api.stream("POST \(Self.path)", Array(text.utf8).pieces(of: piece))
        #expect(answer.text == #"{"imported":10321,"failed":0,"errors":[]}"#)
        #expect(try api.sqlTexts("select count(*)::text from lastcall.participations") == ["10321"])
        #expect(try await api.all("/v1/issuers/acme/sessions", limit: 50, "&sub=u7").count == 104)
        let again = await api.stream("POST \(Self.path)", Array(text.utf8).pieces(of: piece))
        #expect(again["imported"]?.int == 10_321)
        #expect(try api.sqlTexts("select count(*)::text from lastcall.participations") == ["10321"])
    }

    @Test("bad lines among good ones are counted, the first thousand named, and the good ones kept")
    func badAmongGood() async throws {
        let api = try await withClient()
        // Every third line fails, half of those only in the database.
        let lines = (1...6_000).map { number in
            number % 3 != 0
                ? Self.line(number)
                : number % 2 == 0 ? Self.line(number).replacing("rp", with: "nobody") : "{\"sub\": \(number)}"
        }
        let answer = await api.stream(
            "POST \(Self.path)",
            Array(lines.joined(separator: "\n").utf8).pieces(of: 999)
        )
        #expect(answer["imported"]?.int == 4_000 && answer["failed"]?.int == 2_000)
        let errors = answer["errors"]?.elements ?? []
        #expect(errors.map { $0["line"]?.int } == (1...1_000).map { $0 * 3 })
        #expect(
            errors.enumerated().allSatisfy { place, error in
                error["code"]?.string == (place % 2 == 0 ? "invalid_request" : "not_found")
            }
        )
        #expect(errors.first?.names == ["line", "code", "detail"])
        #expect(errors.first?["detail"] == .string("/session_id: The member is required."))
        #expect(try api.sqlTexts("select count(*)::text from lastcall.participations") == ["4000"])
    }

    @Test(
        "a line is read as strictly as a PUT",
        arguments: [
            ("{", "invalid_request"), ("[]", "invalid_request"), ("null", "invalid_request"),
            (#"{"session_id": "s", "client_id": "rp"}"#, "invalid_request"),
            (#"{"session_id": "s", "sub": "u"}"#, "invalid_request"),
            (#"{"client_id": "rp", "sub": "u"}"#, "invalid_request"),
            (#"{"session_id": "", "client_id": "rp", "sub": "u"}"#, "invalid_request"),
            (#"{"session_id": "s", "client_id": "é", "sub": "u"}"#, "invalid_request"),
            (#"{"session_id": "s", "client_id": "rp", "sub": "u", "x": 1}"#, "invalid_request"),
            (#"{"session_id": "s", "client_id": "rp", "sub": "u", "sub": "u"}"#, "invalid_request"),
            (#"{"session_id": "s", "client_id": "rp", "sub": "u\u0000"}"#, "invalid_request"),
            (
                #"{"session_id": "s", "client_id": "rp", "sub": "u", "expires_at": "2001-01-01T00:00:00Z"}"#,
                "invalid_request"
            ),
            (#"{"session_id": "s", "client_id": "rp", "sub": "u", "expires_at": "soon"}"#, "invalid_request"),
            (#"{"session_id": "s", "client_id": "nobody", "sub": "u"}"#, "not_found"),
            (good + good, "invalid_request"), ("\u{FEFF}" + good, "invalid_request"),
            ("", "invalid_request"), (" ", "invalid_request"), ("\r", "invalid_request"),
            (good + String(repeating: " ", count: 8_193 - good.utf8.count), "too_large"),
        ]
    )
    func badLine(text: String, code: String) async throws {
        let api = try await withClient()
        let body = "\(Self.line(1))\n\(text)\n\(Self.line(3))\n"
        let answer = await api.stream("POST \(Self.path)", [Array(body.utf8)])
        #expect(answer["imported"]?.int == 2 && answer["failed"]?.int == 1, "\(answer.text)")
        #expect(answer["errors"]?.elements.map { $0["line"]?.int } == [2])
        #expect(answer["errors"]?.elements.map { $0["code"]?.string } == [code], "\(answer.text)")
    }

    @Test(
        "a body may end as it likes, and lines may end as DOS ends them",
        arguments: [
            ("", 0, 0), ("\n", 0, 0), ("\r\n", 0, 0), (good, 1, 0), (good + "\n", 1, 0),
            (good + "\r\n", 1, 0),
            (good + "\r\n" + good, 2, 0), (good + "\n\n", 1, 0), (good + "\n\n\n", 1, 1), ("\n" + good, 1, 1),
            (good + String(repeating: " ", count: 8_192 - good.utf8.count) + "\r\n", 1, 0),
            (good + "\r", 1, 0),
            (String(repeating: "x", count: 100_000), 0, 1), (good + "\n{", 1, 1),
        ]
    )
    func ends(body: String, imported: Int, failed: Int) async throws {
        let api = try await withClient()
        for piece in [1, 3, 100_000] {
            let answer = await api.stream("POST \(Self.path)", Array(body.utf8).pieces(of: piece))
            #expect(answer["imported"]?.int == imported && answer["failed"]?.int == failed, "\(answer.text)")
        }
    }

    @Test("of two lines for one participation the later one holds")
    func duplicates() async throws {
        let api = try await withClient()
        let body = "\(Self.good)\n\(Self.good.replacing("\"u\"", with: "\"v\""))"
        let answer = await api.stream("POST \(Self.path)", [Array(body.utf8)])
        #expect(answer["imported"]?.int == 2)
        #expect(try api.sqlTexts("select sub from lastcall.participations") == ["v"])
    }

    @Test("the body says what it is", arguments: ["application/json", "text/plain", nil])
    func mediaType(type: String?) async throws {
        let api = try await withClient()
        let headers = type.map { [("content-type", $0)] } ?? []
        let answer = await api.call("POST \(Self.path)", body: Array(Self.good.utf8), headers: headers)
        #expect(answer.refusal == .init(415, "unsupported_media_type"))
        #expect(try api.sqlTexts("select sub from lastcall.participations").isEmpty)
    }

    @Test("a body that says it is larger than 64 MiB is refused before it is read")
    func tooLarge() async throws {
        let api = try await withClient()
        let pieces = Pieces([Array(Self.good.utf8)])
        let size = 64 << 20
        let refused = await api.stream(
            "POST \(Self.path)",
            pieces,
            headers: [("content-length", "\(size + 1)")]
        )
        #expect(refused.refusal == .init(413, "too_large"))
        #expect(pieces.taken == 0)
        let fits = await api.stream("POST \(Self.path)", pieces, headers: [("content-length", "\(size)")])
        #expect(fits["imported"]?.int == 1)
    }

    @Test("a body whose length nobody said is refused once 64 MiB are read")
    func endless() async throws {
        let api = try await withClient()
        let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let fits = await api.stream("POST \(Self.path)", Pieces(Array(repeating: megabyte, count: 64)))
        #expect(fits.text.hasPrefix(#"{"imported":0,"failed":1,"#))
        let pieces = Pieces(Array(repeating: megabyte, count: 80))
        #expect(await api.stream("POST \(Self.path)", pieces).refusal == .init(413, "too_large"))
        #expect(pieces.taken == 65)
    }

    @Test("the sender waits while a batch is committed: no more is read ahead than one batch")
    func backpressure() async throws {
        let api = try await withClient()
        let counts = Mutex<[String]>([])
        let lines = (1...1_100).map { Array("\(Self.line($0))\n".utf8) }
        let pieces = Pieces(lines) { place in
            guard place % 500 == 0 else { return }
            let count = try api.sqlTexts("select count(*)::text from lastcall.participations")
            counts.withLock { $0 += count }
        }
        let answer = await api.stream("POST \(Self.path)", pieces)
        #expect(answer["imported"]?.int == 1_100)
        #expect(counts.withLock { $0 } == ["0", "500", "1000"])
    }

    @Test("a row that somebody else has locked is its line's failure alone")
    func locked() async throws {
        let api = try await withClient()
        let body = (1...4).map(Self.line).joined(separator: "\n")
        _ = await api.stream("POST \(Self.path)", [Array(body.utf8)])
        let holder = try api.hold(sid: "i3")
        let answer = await api.stream("POST \(Self.path)", [Array(body.utf8)])
        #expect(answer["imported"]?.int == 3, "\(answer.text)")
        #expect(answer["errors"]?.elements.map { $0["line"]?.int } == [3])
        #expect(answer["errors"]?.elements.first?["code"] == .string("unavailable"))
        try holder.execute(script: "rollback")
    }

    @Test("a database that goes away ends the import, and to repeat it is harmless")
    func away() async throws {
        let api = try await withClient()
        try api.sql("alter table lastcall.participations rename to moved")
        let body = (1...1_200).map(Self.line).joined(separator: "\n")
        let answer = await api.stream("POST \(Self.path)", [Array(body.utf8)])
        #expect(answer.refusal == .init(503, "unavailable"))
        try api.sql("alter table lastcall.moved rename to participations")
        #expect(await api.stream("POST \(Self.path)", [Array(body.utf8)])["imported"]?.int == 1_200)
    }
}

/// A body in pieces that counts how many were asked for.
final class Pieces: AsyncSequence, Sendable {
    private let pieces: [[UInt8]]
    private let place = Atomic<Int>(0)
    private let onTake: @Sendable (Int) throws -> Void

    /// `onTake`: told of each piece that is asked for, by its place.
    init(_ pieces: [[UInt8]], onTake: @escaping @Sendable (Int) throws -> Void = { _ in }) {
        self.pieces = pieces
        self.onTake = onTake
    }

    /// How many pieces have been asked for and given.
    var taken: Int { Swift.min(place.load(ordering: .acquiring), pieces.count) }

    struct Iterator: AsyncIteratorProtocol {
        let body: Pieces

        mutating func next() async throws -> [UInt8]? {
            let place = body.place.add(1, ordering: .acquiringAndReleasing).oldValue
            try body.onTake(place)
            return place < body.pieces.count ? body.pieces[place] : nil
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(body: self) }
}

extension [UInt8] {
    /// Cut into pieces of one size.
    func pieces(of size: Int) -> [[UInt8]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
