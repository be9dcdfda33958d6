import APIClient
import Foundation
import IntakeAPI
import Outbox
import StrictJSON

/// Calls the API, in this process or over HTTP, and prints what it answers.
struct Operator: Sendable {
    /// What a call was answered with.
    struct Answer: Sendable {
        let status: Int
        /// Where a stream begins.
        let start: String?
        let retryAfter: String?
        let body: [UInt8]
        let stream: (any AsyncSequence<[UInt8], any Error> & Sendable)?
    }

    let printsJSON: Bool
    /// Runs beside a stream.
    let feed: @Sendable () async throws -> Void
    private let send: @Sendable (APIRequest) async throws -> Answer

    /// The API in this process, on the database: it needs no key.
    init(_ api: LastcallAPI, printsJSON: Bool) {
        self.printsJSON = printsJSON
        feed = { try await api.auditFeed.run() }
        send = { request in
            let response = await api.respondToOperator(request)
            func header(_ name: String) -> String? { response.headers.first { $0.name == name }?.value }
            return Answer(
                status: response.status,
                start: header("Last-Event-ID"),
                retryAfter: header("Retry-After"),
                body: response.body,
                stream: response.stream
            )
        }
    }

    /// An API that runs elsewhere.
    init(_ server: APIServer, printsJSON: Bool) {
        self.printsJSON = printsJSON
        feed = {}
        send = { request in
            let query = request.query.isEmpty ? "" : "?\(request.query)"
            let answer = try await server.send(
                APICall(
                    method: request.method,
                    target: request.path + query,
                    headers: request.headers,
                    body: try await request.body(.max)
                )
            )
            return Answer(
                status: answer.status,
                start: answer.header("last-event-id"),
                retryAfter: answer.header("retry-after"),
                body: answer.body,
                stream: answer.stream
            )
        }
    }

    /// Makes one call; a refusal ends the command with its code and detail.
    func call(
        _ method: String,
        _ path: [String],
        query: [(String, String?)] = [],
        headers: [(String, String?)] = [],
        body: JSON? = nil
    ) async throws -> JSON {
        try Self.json(await accepted(method, path, query, headers, body))
    }

    /// What a call is answered with, byte for byte.
    func bytes(_ path: [String]) async throws -> [UInt8] {
        try await accepted("GET", path, [], [], nil).body
    }

    /// Opens a stream.
    ///
    /// - Returns: the stream, and what `Last-Event-ID` begins it there again.
    func stream(_ path: [String], query: [(String, String?)], after last: String?) async throws
        -> (chunks: any AsyncSequence<[UInt8], any Error> & Sendable, start: String?)
    {
        let answer = try await accepted("GET", path, query, [("last-event-id", last)], nil)
        guard let stream = answer.stream else { throw Failure("the API answers with no stream") }
        return (stream, answer.start)
    }

    /// Sends a body piece by piece, as a stream of lines.
    func post(_ path: [String], lines: some AsyncSequence<[UInt8], any Error> & Sendable) async throws -> JSON
    {
        let request = APIRequest(
            method: "POST",
            path: Self.text(of: path),
            headers: [("content-type", "application/x-ndjson")],
            chunks: lines
        )
        return try Self.json(Self.accepted(await send(request)))
    }

    /// Every item of a list, page by page, up to a limit.
    func list(_ path: [String], query: [(String, String?)] = [], limit: Int) async throws -> [JSON] {
        var items: [JSON] = []
        var cursor: String?
        repeat {
            let page = min(1_000, limit - items.count)
            let answer = try await call(
                "GET",
                path,
                query: query + [("limit", "\(page)"), ("cursor", cursor)]
            )
            items += answer["items"]?.elements ?? []
            if case .string(let next)? = answer["next_cursor"] { cursor = next } else { cursor = nil }
        } while cursor != nil && items.count < limit
        return items
    }

    private func accepted(
        _ method: String,
        _ path: [String],
        _ query: [(String, String?)],
        _ headers: [(String, String?)],
        _ body: JSON?
    ) async throws -> Answer {
        try Self.accepted(await send(Self.request(method, path, query, headers, body)))
    }

    private static func accepted(_ answer: Answer) throws -> Answer {
        guard answer.status >= 300 else { return answer }
        var failure = Failure(status: answer.status, problem: (try? json(answer)) ?? .null)
        failure.retryAfter = answer.retryAfter.flatMap { Int($0) }
        throw failure
    }

    private static func json(_ answer: Answer) throws -> JSON {
        guard !answer.body.isEmpty else { return .null }
        do {
            return try JSON.parse(answer.body, maximumBytes: .max, maximumValues: .max)
        } catch {
            throw Failure("\(answer.status), and the answer is no JSON: is this the API?")
        }
    }

    private static func request(
        _ method: String,
        _ path: [String],
        _ query: [(String, String?)],
        _ headers: [(String, String?)],
        _ body: JSON?
    ) -> APIRequest {
        let bytes = body?.serialized() ?? []
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        let type = body.map { _ in (name: "content-type", value: "application/json") }
        let fields = headers.compactMap { name, value in value.map { (name: name, value: $0) } }
        return APIRequest(
            method: method,
            path: text(of: path),
            query: pairs.joined(separator: "&"),
            headers: fields + (type.map { [$0] } ?? [])
        ) { limit in
            guard bytes.count <= limit else { throw APIRequest.BodyTooLarge() }
            return bytes
        }
    }

    private static func text(of path: [String]) -> String {
        "/" + path.map(encoded).joined(separator: "/")
    }

    private static func encoded(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\0"..."\u{7F}"))
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}
