import StrictJSON

/// The refusals that calls can meet, by status, with their codes.
extension OpenAPIDocument {
    struct Refusal: Sendable {
        let status: Int
        let title: String
        let codes: [String]
        var header: String?
    }

    static let refusals = [
        Refusal(
            status: 400,
            title: "The body, a member, the query or a cursor breaks a rule.",
            codes: ["invalid_request", "invalid_client_metadata", "invalid_scope", "invalid_key"]
        ),
        Refusal(
            status: 401,
            title: "There is no valid API key.",
            codes: ["unauthorized"],
            header: "WWW-Authenticate"
        ),
        Refusal(status: 403, title: "The API key lacks the scope.", codes: ["insufficient_scope"]),
        Refusal(status: 404, title: "There is nothing here, or not for this key.", codes: ["not_found"]),
        Refusal(
            status: 405,
            title: "The path has other methods.",
            codes: ["method_not_allowed"],
            header: "Allow"
        ),
        Refusal(status: 408, title: "The body did not come in time.", codes: ["request_timeout"]),
        Refusal(
            status: 409,
            title: "It contradicts what there is.",
            codes: [
                "idempotency_conflict", "already_exists", "still_in_use", "not_ended", "already_ended",
                "already_delivered", "key_not_yet_published", "last_active_key",
            ]
        ),
        Refusal(status: 413, title: "The body is too large.", codes: ["too_large"]),
        Refusal(
            status: 415,
            title: "The body is of another media type.",
            codes: ["unsupported_media_type"]
        ),
        Refusal(
            status: 429,
            title: "There were too many calls.",
            codes: ["rate_limited"],
            header: "Retry-After"
        ),
        Refusal(status: 500, title: "It failed; the reason is in the log.", codes: ["internal_error"]),
        Refusal(
            status: 503,
            title: "It cannot be done now; a blind repetition is safe.",
            codes: ["unavailable"],
            header: "Retry-After"
        ),
    ]

    static func refusal(_ refusal: Refusal) -> JSON {
        let header = refusal.header.map { name in
            [
                (
                    "headers",
                    JSON.object(of: [(name, .object(of: [("schema", Schema.text.json)]))])
                )
            ]
        }
        return .object(
            of: [("description", .string(refusal.title))] + (header ?? []) + [
                (
                    "content",
                    .object(of: [
                        (
                            "application/problem+json",
                            .object(of: [("schema", Schema.named("Problem").json)])
                        )
                    ])
                )
            ]
        )
    }

    /// The completion webhook, as Standard Webhooks describes such calls.
    static let webhooks = JSON.object(of: [
        (
            "logout_event.ended",
            .object(of: [
                (
                    "post",
                    .object(of: [
                        ("operationId", .string("logoutEventEnded")),
                        ("summary", .string("A logout event has ended.")),
                        (
                            "parameters",
                            .array(
                                ["webhook-id", "webhook-timestamp", "webhook-signature"].map { name in
                                    .object(of: [
                                        ("name", .string(name)), ("in", .string("header")),
                                        ("required", .bool(true)), ("schema", Schema.text.json),
                                    ])
                                }
                            )
                        ),
                        (
                            "requestBody",
                            .object(of: [
                                (
                                    "content",
                                    .object(of: [
                                        (
                                            "application/json",
                                            .object(of: [("schema", Schema.named("CompletionWebhook").json)])
                                        )
                                    ])
                                )
                            ])
                        ),
                        (
                            "responses",
                            .object(of: [("2XX", .object(of: [("description", .string("It was heard."))]))])
                        ),
                    ])
                )
            ])
        )
    ])
}
