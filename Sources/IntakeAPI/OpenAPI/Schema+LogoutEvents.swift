import DeliveryPolicy
import LogoutModel
import Outbox
import StrictJSON

extension Schema {
    private static let filters: [Member] = [
        .optional("session_id", .text(.identifier).describing("The OP's session.")),
        .optional("sid", .text(.identifier).describing("The session, by the name that an RP has for it.")),
        .optional("sub", .text(.identifier).describing("The user, by the name that an RP has for them.")),
        .optional("user_id", .text(.identifier).describing("The user, by the OP's own id.")),
        .optional("user_agent_id", .text(.identifier).describing("The browser.")),
        .optional(
            "client_id",
            .text(.clientID).describing("The RP; alone, everyone there: needs operate too.")
        ),
    ]

    static let ofLogoutEvents: [(name: String, schema: Schema)] = [
        (
            "LogoutEventRequest",
            Schema.object(
                [
                    .optional(
                        "targets",
                        Schema.array(of: named("LogoutTarget"), 0...LogoutEventRequest.maximumTargets)
                            .describing("The RPs that the OP resolved itself; not with a filter.")
                    )
                ]
                    + filters + [
                        .optional("initiator", words(Initiator.self).defaulting(to: .string("idp-logout"))),
                        .optional("initiating_client_id", .text(.clientID)),
                        .optional("exclude_initiating_client", boolean.defaulting(to: .bool(false))),
                        .optional("session_durability", durability),
                        .optional("deliver_before", time.describing("Not past, at most 30 days away.")),
                        .optional("deliver_within_seconds", .integer(DeliveryOverrides.deliverWithinRange)),
                        .optional(
                            "priority",
                            words(Priority.self).defaulting(to: .string("interactive"))
                                .describing("bulk is chosen by itself above 1,000 deliveries.")
                        ),
                    ]
            ).requiringEither("targets", orOneOf: filters.map(\.name))
                .describing(
                    """
                    Either targets, or a filter on recorded participations: any of \(filters.map(\.name).joined(separator: ", ")), \
                    all of which hold.
                    """
                )
        ),
        (
            "LogoutTarget",
            Schema.object([
                .required("client_id", .text(.clientID)), .optional("sub", .text(.identifier)),
                .optional("sid", .text(.identifier)),
            ]).requiringOne(of: ["sub", "sid"])
        ),
        (
            "LogoutScope",
            Schema.object(
                [.optional("targets", count.describing("How many there were: the event's deliveries."))]
                    + filters.map { .optional($0.name, .text) }
            ).requiringEither("targets", orOneOf: filters.map(\.name))
        ),
        (
            "LogoutEvent",
            .object(
                event + [
                    .required("deliveries", .array(of: named("Delivery"), 0...OutboxStore.shownDeliveries)),
                    webhook,
                ]
            )
        ),
        ("LogoutEventSummary", .object(event + [webhook])),
        (
            "CompletionWebhook",
            .object([
                .required("type", words(["logout_event.ended"])), .required("timestamp", time),
                .required("data", named("LogoutEventSummary")),
            ])
        ),
        (
            "LogoutStatus",
            .object([
                .required("items", .array(of: named("Login"))),
                .required(
                    "summary",
                    Schema.map(of: words(LoginState.self), count).describing(
                        "How many of each state, on all pages."
                    )
                ),
                .required("complete", boolean.describing("false: older logouts were left out.")),
                .required("next_cursor", text.orNull),
            ])
        ),
        (
            "Login",
            .object([
                .required("client_id", .text(.clientID)), .required("sub", text.orNull),
                .required("sid", text.orNull), .required("state", words(LoginState.self)),
                .required("reason", reason.orNull),
                .required("logout_event_id", uuid.orNull.describing("Of the logout that decides.")),
                .required("delivery_id", uuid.orNull), .required("since", time.orNull),
            ])
        ),
    ]

    private static let webhook = Member.required(
        "completion_webhook",
        Schema.object([.required("status", words(DeliveryStatus.self)), .required("attempts", count)]).orNull
            .describing("Of the event's latest end; null where there was none.")
    )

    private static let event: [Member] = [
        .required("id", uuid), .required("status", words(LogoutEventStatus.self)),
        .required("scope", named("LogoutScope")), .required("initiator", words(Initiator.self)),
        .required("initiating_client_id", text.orNull), .required("session_durability", durability),
        .required("priority", words(Priority.self)), .required("created_at", time),
        .required("deliver_before", time), .required("ended_at", time.orNull),
        .required("trace_id", text.orNull), .required("matched", count),
        .required("delivery_counts", .map(of: words(DeliveryStatus.self), count)),
    ]
}
