/// The named schemas of the document.
extension Schema {
    static let all: [(name: String, schema: Schema)] =
        common + ofIssuers + ofClients + ofSessions + ofLogoutEvents + ofDeliveries + ofOthers

    private static let common: [(name: String, schema: Schema)] = [
        (
            "Problem",
            .object([
                .required("type", text.describing("urn:lastcall:problem: and the code.")),
                .required("title", text),
                .required("status", .integer(400...599)), .required("detail", text),
                .required("code", .words(OpenAPIDocument.refusals.flatMap(\.codes))),
                .optional("pointer", text.describing("The member that is meant, as a JSON pointer.")),
            ])
        ),
        ("Health", .object([.required("status", .words(["ok"]))])),
        (
            "Readiness",
            .object([
                .required("status", .words(["ready", "unavailable"])),
                .required("database", .words(["ok", "unavailable"])),
                .required(
                    "schema",
                    .words([
                        "current", "pending", "incompatible", "role_missing", "role_forbidden", "unknown",
                    ])
                ),
                .required("durability", .words(["local", "sync", "async_risk"]).orNull),
                .required("loss_window_seconds", Schema.number(0...1e9).orNull),
                .required("settler_lag_seconds", .number(0...1e9)),
                .required("partition_days_ahead", Schema.integer(-1...40).orNull),
                .required("default_partition_rows", Schema.integer(0...Int(Int32.max)).orNull),
            ])
        ),
        ("JWKSet", .object([.required("keys", .array(of: anyObject))])),
    ]
}
