import DeliveryPolicy
import LogoutModel
import LogoutTokens
import StrictJSON

extension Schema {
    static let ofClients: [(name: String, schema: Schema)] = [
        (
            "ClientMetadata",
            // RFC 7591 section 2: members that are not known are ignored.
            .object(
                [
                    .optional("client_id", .text(.clientID).describing("The client_id in the path.")),
                    .optional(
                        "backchannel_logout_uri",
                        uri.describing("Without one the client is not covered.")
                    ),
                    .optional("backchannel_logout_session_required", boolean.defaulting(to: .bool(false))),
                    .optional(
                        "id_token_signed_response_alg",
                        words(SignatureAlgorithm.self).defaulting(to: .string("RS256"))
                    ),
                    .optional("id_token_encrypted_response_alg", .text(1...32)),
                    .optional("id_token_encrypted_response_enc", .text(1...32)),
                    .optional(
                        "jwks",
                        anyObject.describing("A JWK Set of at most 64 KiB; not with jwks_uri.")
                    ),
                    .optional("jwks_uri", uri), .optional("client_name", .text(0...1_000)),
                    .optional("delivery", named("DeliveryPolicy")),
                    .optional("tls_client_certificate", .text(1...255)), .optional("ca", .text(1...255)),
                ],
                isOpen: true
            )
        ),
        (
            "Client",
            .object([
                .required("client_id", .text(.clientID)), .required("backchannel_logout_uri", uri.orNull),
                .required("backchannel_logout_session_required", boolean),
                .required("id_token_signed_response_alg", words(SignatureAlgorithm.self)),
                .optional("id_token_encrypted_response_alg", text.orNull),
                .optional("id_token_encrypted_response_enc", text.orNull),
                .optional("client_name", text), .optional("jwks", anyObject), .optional("jwks_uri", text),
                .optional("tls_client_certificate", text.orNull), .optional("ca", text.orNull),
                .required("delivery", named("DeliveryPolicy")), .required("held", boolean),
                .required("breaker", words(BreakerState.self)),
                .required(
                    "warnings",
                    .array(of: text.describing("no_active_key_for_alg, backchannel_logout_uri_not_allowed."))
                ),
                .required("created_at", time), .required("updated_at", time),
            ])
        ),
        (
            "ProbeResult",
            .object([
                .required("outcome", words(AttemptOutcome.self)), .required("http_status", httpStatus.orNull),
                .required("latency_ms", count.orNull), .required("error", text.orNull),
                .required("error_description", text.orNull),
            ])
        ),
    ]

    static let ofSessions: [(name: String, schema: Schema)] = [
        ("ParticipationSettings", .object(participation)),
        (
            "ParticipationLine",
            .object(
                [.required("session_id", .text(.identifier)), .required("client_id", .text(.clientID))]
                    + participation
            )
        ),
        (
            "Participation",
            .object([
                .required("session_id", .text(.identifier)), .required("client_id", .text(.clientID)),
                .required("sub", .text(.identifier)), .required("sid", Schema.text(.identifier).orNull),
                .required("user_id", .text(.identifier)),
                .required("user_agent_id", Schema.text(.identifier).orNull),
                .required("expires_at", time.orNull), .required("created_at", time),
            ])
        ),
        (
            "ImportResult",
            .object([
                .required("imported", count), .required("failed", count),
                .required(
                    "errors",
                    .array(
                        of: .object([
                            .required("line", .integer(1...Int(Int32.max))), .required("code", text),
                            .required("detail", text),
                        ]),
                        0...SessionImport.maximumErrors
                    ).describing("The first of them.")
                ),
            ])
        ),
    ]

    private static let participation: [Member] = [
        .required("sub", .text(.identifier)), .optional("sid", .text(.identifier)),
        .optional(
            "user_id",
            Schema.text(.identifier).describing("The OP's own id of the user; sub unless given.")
        ),
        .optional("user_agent_id", .text(.identifier)),
        .optional("expires_at", time.describing("Not past.")),
    ]
}
