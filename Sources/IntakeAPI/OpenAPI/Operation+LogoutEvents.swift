import DeliveryPolicy
import LogoutModel
import StrictJSON

extension Operation {
    private static let events = "/v1/issuers/{issuer}/logout-events"
    private static let listFilters = ["sub", "sid", "session_id", "user_id", "user_agent_id"]

    static let ofLogoutEvents: [Operation] = [
        Operation(
            route: "POST \(events)",
            id: "createLogoutEvent",
            tag: "logout events",
            summary: "Report a logout. Once this is answered, every RP is told, or it can be seen why not.",
            about: """
                Whom it concerns is either targets or a filter: any of session_id, sid, sub, user_id, user_agent_id and \
                client_id, all of which hold. A filter tells and ends the recorded participations that it matches; where \
                they are more than 1,000 they are told in steps, with priority bulk. Targets end the participations of \
                their client_id and sid, or of their client_id and sub where they have no sid. client_id alone means \
                everyone at that RP, and needs the scope operate too.
                """,
            headers: [
                .init(
                    "Idempotency-Key",
                    .text(.idempotencyKey),
                    "Makes a blind repetition safe; kept 48 hours."
                ),
                .init(
                    "Prefer",
                    .text,
                    "wait=N: answer when the event has ended, or after N seconds, 1 to 30."
                ),
                .init("traceparent", .text, "W3C Trace Context; kept with the event."),
            ],
            body: Body(schema: .named("LogoutEventRequest")),
            answers: [
                Answer(
                    200,
                    "It had ended in the time that was preferred, or was accepted before.",
                    .named("LogoutEvent"),
                    headers: postHeaders
                ),
                Answer(202, "It is accepted, and durable.", .named("LogoutEvent"), headers: postHeaders),
            ],
            refusals: [400: ["invalid_scope"], 409: ["idempotency_conflict"]]
        ),
        Operation(
            route: "GET \(events)",
            id: "listLogoutEvents",
            tag: "logout events",
            summary: "Logout events, newest first.",
            query: Parameter.window + [
                .repeated("status", .words(LogoutEventStatus.self), "In one of these."),
                .init("initiator", .words(Initiator.self)),
                .init("client_id", .text(.clientID), "With a delivery for this RP."),
            ]
                + listFilters.map { name in
                    let isOfDelivery = name == "sub" || name == "sid"
                    return .init(
                        name,
                        .text(.identifier),
                        isOfDelivery ? "With a delivery for it." : "Whose scope names it."
                    )
                },
            answers: [.page(of: "LogoutEventSummary")]
        ),
        Operation(
            route: "GET \(events)/{id}",
            id: "getLogoutEvent",
            tag: "logout events",
            summary: "A logout event with its first deliveries.",
            query: [
                .init(
                    "wait",
                    .integer(0...Preference.longestWait),
                    "Answer when it has ended, or after so many seconds."
                )
            ],
            answers: [.shown("LogoutEvent")]
        ),
        Operation(
            route: "POST \(events)/{id}/cancel",
            id: "cancelLogoutEvent",
            tag: "logout events",
            summary: "End the open deliveries of a logout event.",
            answers: [.shown("LogoutEvent")],
            refusals: [409: ["already_ended"]]
        ),
        Operation(
            route: "GET /v1/issuers/{issuer}/logout-status",
            id: "getLogoutStatus",
            tag: "logout events",
            summary: "Where somebody is still logged in: a line for each client, sub and sid.",
            about: """
                Exactly one of sub, user_id, session_id and logout_event_id. The newest logout decides, unless a login came \
                after it. By user_id, a logout of many users counts where the RP knows the user by that id.
                """,
            query: Parameter.page + [
                .init("sub", .text(.identifier), "The user, by the name that RPs have for them."),
                .init("user_id", .text(.identifier), "The user, by the OP's own id."),
                .init("session_id", .text(.identifier), "The OP session."),
                .init("logout_event_id", .uuid, "Whoever this logout was about."),
            ],
            answers: [.shown("LogoutStatus")]
        ),
    ]

    private static let postHeaders: [Parameter] = [
        .init("Location", .text), .init("Idempotency-Replayed", .words(["true"])),
        .init("Preference-Applied", .text),
    ]
}
