import Testing

/// A logout event that breaks a rule, with the problem that it is refused with, over HTTP and over SQL alike.
struct BadLogoutBody: Sendable, CustomTestStringConvertible {
    let body: String
    let code: String
    let pointer: String?

    init(_ body: String, _ code: String, _ pointer: String?) {
        self.body = body
        self.code = code
        self.pointer = pointer
    }

    var testDescription: String { body }

    static let all: [BadLogoutBody] = targets + filters

    static let filters: [BadLogoutBody] = [
        .init(#"{"session_id": "s", "targets": []}"#, "invalid_scope", nil),
        .init(#"{"session_id": null}"#, "invalid_scope", nil),
        .init(#"{"session_id": 1}"#, "invalid_request", "/session_id"),
        .init(#"{"sub": ""}"#, "invalid_request", "/sub"),
        .init(#"{"sid": "a\u001fb"}"#, "invalid_request", "/sid"),
        .init(#"{"user_id": ["u"]}"#, "invalid_request", "/user_id"),
        .init(#"{"user_agent_id": "a\u007f"}"#, "invalid_request", "/user_agent_id"),
        .init(#"{"client_id": "é", "sub": "s"}"#, "invalid_request", "/client_id"),
        .init(#"{"sub": "s", "everything": true}"#, "invalid_request", "/everything"),
        .init(#"{"sub": "s", "targets": null}"#, "invalid_scope", nil),
    ]

    static let targets: [BadLogoutBody] = [
        .init("{}", "invalid_scope", nil), .init(#"{"initiator": "idp-logout"}"#, "invalid_scope", nil),
        .init(#"{"targets": [], "sub": "s"}"#, "invalid_scope", nil),
        .init(#"{"targets": [], "client_id": "c"}"#, "invalid_scope", nil),
        .init(#"{"targets": null}"#, "invalid_request", "/targets"),
        .init(#"{"targets": {}}"#, "invalid_request", "/targets"),
        .init(#"{"targets": [1]}"#, "invalid_request", "/targets/0"),
        .init(#"{"targets": [{}]}"#, "invalid_request", "/targets/0/client_id"),
        .init(#"{"targets": [{"client_id": null, "sub": "s"}]}"#, "invalid_request", "/targets/0/client_id"),
        .init(#"{"targets": [{"client_id": 7, "sub": "s"}]}"#, "invalid_request", "/targets/0/client_id"),
        .init(#"{"targets": [{"client_id": "", "sub": "s"}]}"#, "invalid_request", "/targets/0/client_id"),
        .init(#"{"targets": [{"client_id": "é", "sub": "s"}]}"#, "invalid_request", "/targets/0/client_id"),
        .init(#"{"targets": [{"client_id": "c"}]}"#, "invalid_request", "/targets/0"),
        .init(
            #"{"targets": [{"client_id": "c", "sub": null, "sid": null}]}"#,
            "invalid_request",
            "/targets/0"
        ),
        .init(#"{"targets": [{"client_id": "c", "sub": ""}]}"#, "invalid_request", "/targets/0/sub"),
        .init(#"{"targets": [{"client_id": "c", "sub": "a\tb"}]}"#, "invalid_request", "/targets/0/sub"),
        .init(#"{"targets": [{"client_id": "c", "sid": "a\u0085b"}]}"#, "invalid_request", "/targets/0/sid"),
        .init(#"{"targets": [{"client_id": "c", "sid": 1}]}"#, "invalid_request", "/targets/0/sid"),
        .init(
            #"{"targets": [{"client_id": "c", "sid": "1"}, {"client_id": "c", "sid": ""}]}"#,
            "invalid_request",
            "/targets/1/sid"
        ),
        .init(#"{"targets": [], "initiator": "me"}"#, "invalid_request", "/initiator"),
        .init(#"{"targets": [], "initiator": 1}"#, "invalid_request", "/initiator"),
        .init(#"{"targets": [], "initiating_client_id": "é"}"#, "invalid_request", "/initiating_client_id"),
        .init(
            #"{"targets": [], "exclude_initiating_client": true}"#,
            "invalid_request",
            "/exclude_initiating_client"
        ),
        .init(
            #"{"targets": [], "exclude_initiating_client": "no"}"#,
            "invalid_request",
            "/exclude_initiating_client"
        ),
        .init(#"{"targets": [], "session_durability": "x"}"#, "invalid_request", "/session_durability"),
        .init(#"{"targets": [], "priority": "high"}"#, "invalid_request", "/priority"),
        .init(#"{"targets": [], "deliver_within_seconds": 0}"#, "invalid_request", "/deliver_within_seconds"),
        .init(
            #"{"targets": [], "deliver_within_seconds": 2592001}"#,
            "invalid_request",
            "/deliver_within_seconds"
        ),
        .init(
            #"{"targets": [], "deliver_within_seconds": 1.5}"#,
            "invalid_request",
            "/deliver_within_seconds"
        ),
        .init(
            #"{"targets": [], "deliver_within_seconds": "60"}"#,
            "invalid_request",
            "/deliver_within_seconds"
        ),
        .init(
            #"{"targets": [], "deliver_within_seconds": 1e308}"#,
            "invalid_request",
            "/deliver_within_seconds"
        ),
        .init(
            #"{"targets": [], "deliver_before": "2020-01-01T00:00:00Z"}"#,
            "invalid_request",
            "/deliver_before"
        ),
        .init(
            #"{"targets": [], "deliver_before": "9999-12-31T23:59:59Z"}"#,
            "invalid_request",
            "/deliver_before"
        ),
        .init(#"{"targets": [], "deliver_before": "soon"}"#, "invalid_request", "/deliver_before"),
        .init(#"{"targets": [], "deliver_before": 1795228500}"#, "invalid_request", "/deliver_before"),
        .init(
            #"{"targets": [], "deliver_within_seconds": 1, "deliver_before": "2999-01-01T00:00:00Z"}"#,
            "invalid_request",
            "/deliver_before"
        ),
    ]
}
