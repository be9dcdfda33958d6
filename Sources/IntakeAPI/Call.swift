import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

/// A call that is allowed: what a handler gets.
struct Call: Sendable {
    let request: APIRequest
    let parameters: [String: String]
    let principal: Principal
    /// The issuer in the path, where the path has one and it exists.
    let issuer: IssuerReference?
    let bodyLimit: Int
    /// Signs the cursors of the list that is called; only where something is read.
    var cursors: CursorSigner?
    /// How long it took to find out who calls, and for which issuer: part of the time in which the call is answered.
    var spent = Duration.zero
    /// The call's own place in its trace, where calls are traced.
    var trace: TraceContext?
    /// Looks at the key once more, for calls that last.
    var authenticate: @Sendable () async throws -> Principal

    /// A path parameter of the route's template.
    func parameter(_ name: String) throws -> String {
        guard let value = parameters[name] else { throw Problem.notFound }
        return value
    }

    /// The issuer in the path.
    func issuerKey() throws -> Int32 {
        guard let issuer else { throw Problem.notFound }
        return issuer.key
    }

    /// An id in the path; a malformed one names nothing.
    func id(_ name: String) throws -> UUID {
        guard let id = UUID(strict: try parameter(name)) else { throw Problem.notFound }
        return id
    }

    /// The query, for a handler that reads it to its end.
    func query() throws -> QueryReader {
        try QueryReader(request.query, cursors: cursors)
    }

    /// Where the list goes on behind an item.
    func cursor(_ id: UUID) throws -> String { try cursor(Cursor.content(id)) }

    /// Where the list goes on behind a name.
    func cursor(_ name: String) throws -> String { try cursor(Cursor.content(name)) }

    /// Where the list goes on behind a number.
    func cursor(_ number: Int64) throws -> String { try cursor(Cursor.content(number)) }

    /// Where the list goes on behind a login.
    func cursor(_ place: LoginPlace) throws -> String { try cursor(Cursor.content(place)) }

    private func cursor(_ content: [UInt8]) throws -> String {
        guard let cursors else { throw Problem.internalError }
        return cursors.text(content)
    }

    /// Whether the key may still do what it could when the call began; while nobody can say, it may.
    func isStillAllowed() async -> Bool {
        do {
            let now = try await authenticate()
            return now.issuer == principal.issuer && now.scopes == principal.scopes
        } catch let problem as Problem {
            return problem.status != 401
        } catch {
            return true
        }
    }

    /// The body as one JSON object.
    func object() async throws -> ObjectReader {
        try await ObjectReader(json())
    }

    private func json() async throws -> JSON {
        try requireMediaType("application/json")
        return try JSON.parse(await bytes(), maximumBytes: bodyLimit)
    }

    private func bytes() async throws -> [UInt8] {
        do {
            return try await request.body(bodyLimit)
        } catch is APIRequest.BodyTooLarge {
            throw Problem.tooLarge(bodyLimit)
        }
    }

    /// Refuses a body where none is meant, other than an empty object.
    func requireNoBody() async throws {
        let bytes = try await bytes()
        guard !bytes.isEmpty else { return }
        let reader = try ObjectReader(JSON.parse(bytes, maximumBytes: bodyLimit))
        try reader.finish()
    }

    /// An object that may be left out altogether.
    func optionalObject() async throws -> ObjectReader {
        let bytes = try await bytes()
        guard !bytes.isEmpty else { return try ObjectReader(.object(JSONObject())) }
        try requireMediaType("application/json")
        return try ObjectReader(JSON.parse(bytes, maximumBytes: bodyLimit))
    }

    /// RFC 9110 section 8.3; parameters are ignored, but a charset other than UTF-8 is not.
    func requireMediaType(_ expected: String) throws {
        guard let field = try request.single("content-type") else {
            throw Problem.unsupportedMediaType(expected)
        }
        let parts = field.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts.first == expected else { throw Problem.unsupportedMediaType(expected) }
        for part in parts.dropFirst() where part.hasPrefix("charset=") {
            guard part == "charset=utf-8" || part == "charset=\"utf-8\"" else {
                throw Problem.unsupportedMediaType("\(expected) in UTF-8")
            }
        }
    }
}
