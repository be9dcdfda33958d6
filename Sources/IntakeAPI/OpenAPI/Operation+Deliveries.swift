import AuditTrail
import DeliveryPolicy
import LogoutModel
import StrictJSON

extension Operation {
    private static let deliveries = "/v1/issuers/{issuer}/deliveries"
    private static let redeliveries = "/v1/issuers/{issuer}/redeliveries"

    static let ofDeliveries: [Operation] = [
        Operation(
            route: "GET \(deliveries)",
            id: "listDeliveries",
            tag: "deliveries",
            summary: "Deliveries, newest first.",
            query: Parameter.window + [
                .init("logout_event_id", .uuid), .init("client_id", .text(.clientID)),
                .init("sub", .text(.identifier)), .init("sid", .text(.identifier)),
                .repeated("status", .words(DeliveryStatus.self), "In one of these."),
                .repeated("reason", Schema.reason, "For one of these."),
            ],
            answers: [.page(of: "Delivery")]
        ),
        Operation(
            route: "GET \(deliveries)/{id}",
            id: "getDelivery",
            tag: "deliveries",
            summary: "A delivery with every attempt.",
            answers: [.shown("DeliveryDetail")]
        ),
        Operation(
            route: "POST \(deliveries)/{id}/redeliver",
            id: "redeliver",
            tag: "deliveries",
            summary: "Send a delivery again.",
            body: Body(schema: .named("RedeliverRequest"), isRequired: false),
            answers: [Answer(202, "It waits again, under a new deadline.", .named("Delivery"))],
            refusals: [409: ["not_ended", "already_delivered"]]
        ),
        Operation(
            route: "POST \(redeliveries)",
            id: "startRedelivery",
            tag: "deliveries",
            summary: "Send many deliveries again, or count them.",
            body: Body(schema: .named("RedeliveryRequest")),
            answers: [Answer(202, "It is under way; a dry run is done.", .named("Redelivery"))]
        ),
        Operation(
            route: "GET \(redeliveries)",
            id: "listRedeliveries",
            tag: "deliveries",
            summary: "Redeliveries of many, newest first.",
            query: Parameter.window + [
                .repeated("status", .words(RedeliveryStatus.self), "In one of these.")
            ],
            answers: [.page(of: "Redelivery")]
        ),
        Operation(
            route: "GET \(redeliveries)/{id}",
            id: "getRedelivery",
            tag: "deliveries",
            summary: "How far a redelivery of many has come.",
            answers: [.shown("Redelivery")]
        ),
        Operation(
            route: "POST \(redeliveries)/{id}/cancel",
            id: "cancelRedelivery",
            tag: "deliveries",
            summary: "Stop a redelivery of many.",
            answers: [.shown("Redelivery")],
            refusals: [409: ["already_ended"]]
        ),
    ]

    static let ofAudit: [Operation] =
        audit(of: "/v1/issuers/{issuer}", name: "", about: "of the issuer")
        + audit(
            of: "/v1",
            name: "Installation",
            about: "of the installation: its operators, API keys and issuers that are gone"
        )

    /// What a trail can be asked for.
    private static func audit(of owner: String, name: String, about: String) -> [Operation] {
        [
            Operation(
                route: "GET \(owner)/audit-events",
                id: "list\(name)AuditEvents",
                tag: "audit trail",
                summary: "Audit events \(about), oldest first.",
                query: Parameter.page + [
                    .init("after", .time, "Written then or later."),
                    .init("before", .time, "Written before then."),
                ] + auditFilters,
                answers: [.page(of: "AuditEvent")]
            ),
            Operation(
                route: "GET \(owner)/audit-events/stream",
                id: "stream\(name)AuditEvents",
                tag: "audit trail",
                summary: "Audit events \(about), as they are written.",
                about: """
                    Server-sent events named audit: the id is the audit event's, the data an AuditEvent. It starts now, or \
                    behind Last-Event-ID; a comment every \(AuditStream.commentInterval.components.seconds) seconds shows \
                    that it is alive.
                    """,
                query: auditFilters,
                headers: [
                    .init(
                        "Last-Event-ID",
                        .text,
                        "Begin behind this audit event, or where another answer of this route began."
                    )
                ],
                answers: [
                    Answer(
                        200,
                        "The stream. Its Last-Event-ID is where it begins, for a reader that loses it before an event came.",
                        .text,
                        mediaType: "text/event-stream",
                        headers: [.init("Last-Event-ID", .text)]
                    )
                ]
            ),
            Operation(
                route: "GET \(owner)/audit-events/seals",
                id: "list\(name)AuditSeals",
                tag: "audit trail",
                summary:
                    "The seals over the audit events \(about), newest first; each carries the hash of the one before.",
                query: Parameter.page,
                answers: [.page(of: "AuditSeal")]
            ),
        ]
    }

    private static let auditFilters: [Parameter] = [
        .repeated("type", .words(AuditType.self), "Of one of these."),
        .repeated("severity", .words(["info", "notice", "warning", "error"]), "Of one of these."),
        .init("client_id", .text(.clientID)), .init("logout_event_id", .uuid), .init("delivery_id", .uuid),
    ]

    static let ofAccessKeys: [Operation] = [
        Operation(
            route: "GET /v1/api-keys",
            id: "listAPIKeys",
            tag: "API keys",
            summary: "API keys, newest first; never their secrets.",
            query: Parameter.page,
            answers: [.page(of: "AccessKey")]
        ),
        Operation(
            route: "POST /v1/api-keys",
            id: "createAPIKey",
            tag: "API keys",
            summary: "Make an API key.",
            body: Body(schema: .named("AccessKeyRequest")),
            answers: [Answer(201, "The key, shown this once.", .named("NewAccessKey"))]
        ),
        Operation(
            route: "DELETE /v1/api-keys/{id}",
            id: "deleteAPIKey",
            tag: "API keys",
            summary: "Revoke an API key.",
            answers: [.gone]
        ),
    ]
}
