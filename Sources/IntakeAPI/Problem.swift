import DeliveryPolicy
import Outbox
import PostgresClient
import StrictJSON

/// Why a call is refused: an RFC 9457 problem document with a stable `code`.
///
/// The one place where errors become HTTP: text is never made from the description of an arbitrary error.
struct Problem: Error, Sendable, Hashable {
    let status: Int
    let code: String
    let title: String
    let detail: String
    var pointer: String?
    var headers: [Header] = []

    struct Header: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// `application/problem+json`, RFC 9457 section 3.
    var response: APIResponse {
        var writer = JSONWriter(reservingCapacity: 256)
        writer.object { writer in
            writer.member("type", "urn:lastcall:problem:\(code)")
            writer.member("title", title)
            writer.member("status", status)
            writer.member("detail", detail)
            writer.member("code", code)
            if let pointer { writer.member("pointer", pointer) }
        }
        var response = APIResponse(
            status: status,
            contentType: "application/problem+json",
            body: writer.bytes
        )
        for header in headers { response.headers.append((header.name, header.value)) }
        return response
    }
}

extension Problem {
    static func invalidRequest(_ detail: String, pointer: String? = nil) -> Problem {
        Problem(
            status: 400,
            code: "invalid_request",
            title: "Invalid request",
            detail: detail,
            pointer: pointer
        )
    }

    static func invalidClientMetadata(_ detail: String, pointer: String?) -> Problem {
        Problem(
            status: 400,
            code: "invalid_client_metadata",
            title: "Invalid client metadata",
            detail: detail,
            pointer: pointer
        )
    }

    static func invalidScope(_ detail: String) -> Problem {
        Problem(status: 400, code: "invalid_scope", title: "Invalid scope", detail: detail)
    }

    static func invalidKey(_ detail: String, pointer: String?) -> Problem {
        Problem(status: 400, code: "invalid_key", title: "Invalid key", detail: detail, pointer: pointer)
    }

    static let unauthorized = Problem(
        status: 401,
        code: "unauthorized",
        title: "Unauthorized",
        detail: "The call needs a valid API key: Authorization: Bearer <key>.",
        headers: [Header(name: "WWW-Authenticate", value: "Bearer realm=\"lastcall\"")]
    )

    static func insufficientScope(_ scope: String) -> Problem {
        Problem(
            status: 403,
            code: "insufficient_scope",
            title: "Insufficient scope",
            detail: "The API key lacks the scope that this call needs: \(scope)."
        )
    }

    static let notFound = Problem(
        status: 404,
        code: "not_found",
        title: "Not found",
        detail: "There is nothing here, or not for this API key."
    )

    static func methodNotAllowed(_ allowed: [String]) -> Problem {
        let list = allowed.joined(separator: ", ")
        return Problem(
            status: 405,
            code: "method_not_allowed",
            title: "Method not allowed",
            detail: "This resource answers to \(list).",
            headers: [Header(name: "Allow", value: list)]
        )
    }

    static func conflict(_ code: String, _ detail: String) -> Problem {
        Problem(status: 409, code: code, title: "Conflict", detail: detail)
    }

    static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: 413,
            code: "too_large",
            title: "Too large",
            detail: "The body is larger than \(limit) bytes."
        )
    }

    static func unsupportedMediaType(_ expected: String) -> Problem {
        Problem(
            status: 415,
            code: "unsupported_media_type",
            title: "Unsupported media type",
            detail: "The body must be \(expected)."
        )
    }

    /// `wait`: until the next call may come.
    static func rateLimited(_ wait: Duration) -> Problem {
        let seconds = max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0))
        return Problem(
            status: 429,
            code: "rate_limited",
            title: "Too many calls",
            detail: "There were too many calls; repeat this one later.",
            headers: [Header(name: "Retry-After", value: String(seconds))]
        )
    }

    static func unavailable(_ detail: String) -> Problem {
        Problem(
            status: 503,
            code: "unavailable",
            title: "Unavailable",
            detail: detail,
            headers: [Header(name: "Retry-After", value: "1")]
        )
    }

    static let requestTimeout = Problem(
        status: 408,
        code: "request_timeout",
        title: "Request timeout",
        detail: "The body did not come in time."
    )

    static let internalError = Problem(
        status: 500,
        code: "internal_error",
        title: "Internal error",
        detail: "The call failed; the reason is in the log."
    )
}

extension Problem {
    /// Every error that a handler can meet, as a problem; `nil` for one that nobody expected.
    init?(_ error: any Error) {
        switch error {
        case let error as Problem: self = error
        case let error as JSONError: self = Problem(error)
        case let error as ClientMetadataError:
            self = .invalidClientMetadata(error.rule, pointer: error.member)
        case let error as OutboxError: self = Problem(error)
        case let error as PostgresError:
            guard let problem = Problem(error) else { return nil }
            self = problem
        case is APIRequest.BodyBroken: self = .invalidRequest("The body ends before it is complete.")
        case is APIRequest.BodyTooSlow: self = .requestTimeout
        case is CancellationError: self = .unavailable("The server is stopping.")
        default: return nil
        }
    }

    init(_ error: JSONError) {
        if case .tooLarge(_, let limit) = error {
            self = .tooLarge(limit)
        } else {
            self = .invalidRequest(error.detail, pointer: error.pointer)
        }
    }

    private init(_ error: OutboxError) {
        switch error {
        case .overloaded: self = .unavailable("Too many requests wait for a commit.")
        case .cannotAct:
            self = .unavailable(
                "The database lacks the role \(TenantRole.name), or does not let Lastcall take it."
            )
        case .notFound: self = .notFound
        case .alreadyExists: self = .conflict("already_exists", "There is one of this name or id already.")
        case .stillInUse: self = .conflict("still_in_use", "Deliveries of the issuer are still open.")
        case .notEnded: self = .conflict("not_ended", "The delivery has not ended.")
        case .alreadyDelivered:
            self = .conflict("already_delivered", "The RP accepted the delivery; force sends it again.")
        case .alreadyEnded: self = .conflict("already_ended", "It has ended already.")
        case .webhookSecretMissing:
            self = .invalidRequest(
                "A completion webhook at a new URL needs a secret.",
                pointer: "/completion_webhook/secret"
            )
        case .authorizationHeaderMissing:
            self = .invalidClientMetadata(
                "Another endpoint_url needs its own authorization_header, or null for none.",
                pointer: "/shared_signals/authorization_header"
            )
        case .keyRule("key_not_yet_published"):
            self = .conflict("key_not_yet_published", "The key has not been in the JWK Set for long enough.")
        case .keyRule(let code): self = .conflict(code, "It is the only active key of its alg.")
        case .unknownWord: self = .unavailable("The database is of a newer version than this process.")
        }
    }

    private init?(_ error: PostgresError) {
        switch error {
        case .outcomeUnknown:
            self = .unavailable("The outcome is unknown: repeat the call with the same Idempotency-Key.")
        case .server("23503", _, _, _):
            // The issuer was deleted by another process while this one still believed in it.
            self = .notFound
        case .server("42P01", _, _, _), .server("3F000", _, _, _):
            self = .unavailable("The database has no schema yet: lastcall migrate.")
        case .server(let sqlState, _, _, _) where !sqlState.isTransient:
            // What a caller's value can provoke and no check before it caught; never a 500 for a bad value.
            guard sqlState.category == .dataException || sqlState.category == .programLimit else {
                return nil
            }
            self = .invalidRequest("The database refuses a value of this request.")
        case .invalidText: self = .invalidRequest("A value contains NUL.")
        case .server, .connection, .timeout, .poolTimeout, .queueFull, .closed, .resources:
            self = .unavailable("The database does not answer.")
        default: return nil
        }
    }
}

/// Lets a pattern name a SQLSTATE.
private func ~= (code: String, state: SQLState) -> Bool {
    state.code == code
}
