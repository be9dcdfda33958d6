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
                    .optional(
                        "id_token_encrypted_response_alg",
                        words(KeyManagementAlgorithm.self).describing(
                            "Tokens are encrypted with it, for a key in jwks or at the jwks_uri."
                        )
                    ),
                    .optional(
                        "id_token_encrypted_response_enc",
                        words(ContentEncryption.self).describing(
                            "Only with id_token_encrypted_response_alg; A128CBC-HS256 unless given."
                        )
                    ),
                    .optional(
                        "jwks",
                        anyObject.describing("A JWK Set of public keys, at most 64 KiB; not with jwks_uri.")
                    ),
                    .optional("jwks_uri", uri), .optional("client_name", .text(0...1_000)),
                    .optional("shared_signals", named("SharedSignalsTerms")),
                    .optional("delivery", named("DeliveryPolicy")),
                    .optional(
                        "tls_client_certificate",
                        .text(.credentialName).describing("The name of a certificate of the configuration.")
                    ),
                    .optional(
                        "ca",
                        .text(.credentialName).describing(
                            "The name of an authority of the configuration; no other is trusted for this client."
                        )
                    ),
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
                .optional("id_token_encrypted_response_alg", words(KeyManagementAlgorithm.self)),
                .optional("id_token_encrypted_response_enc", words(ContentEncryption.self)),
                .optional("client_name", text), .optional("jwks", anyObject), .optional("jwks_uri", text),
                .optional("tls_client_certificate", .text(.credentialName)),
                .optional("ca", .text(.credentialName)),
                .optional("shared_signals", named("SharedSignals")),
                .required("delivery", named("DeliveryPolicy")), .required("held", boolean),
                .required("breaker", words(BreakerState.self)),
                .required(
                    "warnings",
                    .array(
                        of: text.describing(
                            "no_active_key_for_alg, backchannel_logout_uri_not_allowed, endpoint_url_not_allowed."
                        )
                    )
                ),
                .required("created_at", time), .required("updated_at", time),
            ])
        ),
        (
            "SharedSignalsTerms",
            .object([
                .required("method", words(SharedSignals.Method.self)), .required("endpoint_url", uri),
                .optional(
                    "aud",
                    .text(1...1_024).describing("The aud of its tokens; the client_id unless given.")
                ),
                .optional(
                    "events_requested",
                    .array(of: .text(1...1_024), 0...100).describing(
                        "Among them \(SharedSignals.sessionRevoked), the only one that is sent."
                    )
                ),
                .optional(
                    "authorization_header",
                    Schema.text(1...AuthorizationHeader.maximumBytes).orNull.describing(
                        "Sent with each token, and never shown. Not given: the one that is kept; null: none."
                    )
                ),
                .optional("has_authorization_header", boolean.describing("Ignored; as an answer shows it.")),
            ]).describing("The client takes Security Event Tokens; not with backchannel_logout_uri.")
        ),
        (
            "SharedSignals",
            .object([
                .required("method", words(SharedSignals.Method.self)), .required("endpoint_url", uri),
                .optional("aud", text), .required("events_requested", .array(of: text, 0...100)),
                .required("has_authorization_header", boolean),
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
