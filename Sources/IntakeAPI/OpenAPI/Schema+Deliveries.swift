import AuditTrail
import DeliveryPolicy
import LogoutModel
import Outbox
import StrictJSON

extension Schema {
    static let ofDeliveries: [(name: String, schema: Schema)] = [
        ("Delivery", .object(delivery)),
        ("DeliveryDetail", .object(delivery + [.required("attempts", .array(of: named("Attempt")))])),
        (
            "Attempt",
            .object([
                .required("number", .integer(1...Int(Int32.max))), .required("started_at", time),
                .required("finished_at", time), .required("outcome", words(AttemptOutcome.self)),
                .required("http_status", httpStatus.orNull),
                .optional("late_http_status", httpStatus.describing("Heard after the lease was lost.")),
                .required("error", text.orNull), .required("error_description", text.orNull),
                .required("remote_address", text.orNull), .required("latency_ms", count.orNull),
                .required("jti", uuid.orNull), .required("kid", text.orNull),
                .required("worker", text.orNull),
            ])
        ),
        (
            "RedeliverRequest",
            .object([
                .optional(
                    "force",
                    boolean.defaulting(to: .bool(false)).describing("Send again what was delivered.")
                ),
                .optional(
                    "deliver_within_seconds",
                    within.describing("From now; its client's or issuer's unless given.")
                ),
            ])
        ),
        (
            "RedeliveryRequest",
            .object([
                .required("filter", redeliveryFilter),
                .optional(
                    "dry_run",
                    boolean.defaulting(to: .bool(false)).describing("Only count them.")
                ),
                .optional("deliver_within_seconds", within.describing("From when each is put back.")),
                .optional(
                    "rate_per_second",
                    integer(RedeliveryRequest.ratePerSecondRange)
                        .defaulting(to: .int(RedeliveryRequest.usualRatePerSecond))
                ),
            ])
        ),
        (
            "Redelivery",
            .object([
                .required("id", uuid), .required("status", words(RedeliveryStatus.self)),
                .required("matched", count.describing("How many there were when it began.")),
                .required("done", count.describing("How many have been put back.")),
                .required("filter", shownRedeliveryFilter), .required("dry_run", boolean),
                .required("deliver_within_seconds", within.orNull),
                .required("rate_per_second", .integer(RedeliveryRequest.ratePerSecondRange)),
                .required("created_at", time), .required("ended_at", time.orNull),
            ])
        ),
    ]

    static let ofOthers: [(name: String, schema: Schema)] = [
        (
            "AuditEvent",
            .object([
                .required("id", uuid), .required("type", words(AuditType.self)),
                .required("severity", words(["info", "notice", "warning", "error"])),
                .required("created_at", time), .required("logout_event_id", uuid.orNull),
                .required("delivery_id", uuid.orNull), .required("client_id", text.orNull),
                .required("actor", text.describing("An API key's id, or a name such as system or sql.")),
                .required("session_durability", durability.orNull), .required("data", anyObject),
            ])
        ),
        (
            "AuditSeal",
            .object([
                .required("number", .integer(1...Int.max)), .required("sealed_at", time),
                .required("entry_count", .integer(1...OutboxStore.maximumSealedAtOnce)),
                .required("first_id", uuid),
                .required("last_id", uuid), .required("previous_hash", hash), .required("hash", hash),
            ])
        ),
        (
            "AccessKeyRequest",
            .object([
                .required("name", .text(1...255)),
                .optional("issuer", Schema.text(.issuerName).orNull.describing("null: an operator's key.")),
                .optional(
                    "scopes",
                    Schema.array(of: words(AccessScope.self), 0...16).describing(
                        "Needed with an issuer. An operator's key has every one."
                    )
                ),
                .optional("expires_at", time),
                .optional(
                    "calls_per_second",
                    Schema.integer(AccessKey.callsPerSecondRange).orNull.describing(
                        "For each process; null: as the settings say."
                    )
                ),
            ])
        ),
        ("AccessKey", .object(accessKey)),
        (
            "NewAccessKey",
            .object(accessKey + [.required("key", text.describing("The whole key, shown this once."))])
        ),
    ]

    /// Of an end, or the outcome that a retry waits after.
    static let reason = words(
        Set(EndReason.allCases.map(\.rawValue) + AttemptOutcome.allCases.map(\.rawValue)).sorted()
    )
    /// SHA-256.
    private static let hash = text(64...64).describing("64 hexadecimal digits in lower case.")
    private static let within = integer(DeliveryOverrides.deliverWithinRange)

    private static let redeliverable = words(RedeliveryFilter.redeliverable.map(\.rawValue))
    private static let created: [Member] = [
        .optional("created_after", time), .optional("created_before", time),
    ]

    private static let redeliveryFilter = object(
        [
            .optional("client_id", .text(.clientID)),
            .optional(
                "status",
                oneOrMore(of: redeliverable, EndReason.allCases.count)
                    .describing("Those of the reasons unless given; without either, failed and expired.")
            ),
            .optional("reason", oneOrMore(of: words(EndReason.self), EndReason.allCases.count)),
        ] + created
    ).requiringOne(of: ["client_id", "status", "reason", "created_after", "created_before"])
        .describing("At least one member; all of them hold.")

    private static let shownRedeliveryFilter = object(
        [
            .optional("client_id", .text(.clientID)), .required("status", .array(of: redeliverable)),
            .optional("reason", .array(of: words(EndReason.self))),
        ] + created
    )

    private static let delivery: [Member] = [
        .required("id", uuid), .required("logout_event_id", uuid), .required("client_id", .text(.clientID)),
        .required("sub", text.orNull), .required("sid", text.orNull),
        .required("status", words(DeliveryStatus.self)),
        .required("reason", reason.orNull),
        .required("flags", .array(of: words(DeliveryFlags(rawValue: .max).names))),
        .required("attempt_count", count), .required("next_attempt_at", time.orNull),
        .required("deliver_before", time), .required("created_at", time), .required("ended_at", time.orNull),
    ]

    private static let accessKey: [Member] = [
        .required("id", uuid), .required("name", text), .required("issuer", text.orNull),
        .required("scopes", .array(of: words(AccessScope.self))), .required("created_at", time),
        .required("expires_at", time.orNull), .required("last_used_at", time.orNull),
        .required("calls_per_second", integer(AccessKey.callsPerSecondRange).orNull),
    ]
}
