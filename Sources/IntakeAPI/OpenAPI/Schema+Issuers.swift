import DeliveryPolicy
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension Schema {
    static let ofIssuers: [(name: String, schema: Schema)] = [
        (
            "IssuerSettings",
            .object([
                .optional("name", .text(.issuerName).describing("The name in the path.")),
                .required("issuer", uri.describing("The OP's issuer identifier, the iss of every token.")),
                .optional("session_durability", durability.defaulting(to: .string("durable"))),
                .optional("session_expiry", .words(SessionExpiry.self).defaulting(to: .string("ignore"))),
                .optional("delivery", named("DeliveryPolicy")),
                .optional("egress", named("EgressRule")),
                .optional(
                    "completion_webhook",
                    Schema.object([
                        .required("url", uri),
                        .optional(
                            "secret",
                            text.describing(
                                "whsec_ and base64 of 24 to 64 bytes; needed at a new url, never shown."
                            )
                        ),
                    ]).orNull
                ),
                .optional("retention_days", retention.defaulting(to: .int(30))),
            ])
        ),
        (
            "Issuer",
            .object([
                .required("name", .text(.issuerName)), .required("issuer", uri),
                .required("session_durability", durability),
                .required("session_expiry", .words(SessionExpiry.self)),
                .required("delivery", named("DeliveryPolicy")), .required("egress", named("EgressRule")),
                .required("completion_webhook", Schema.object([.required("url", uri)]).orNull),
                .required("retention_days", retention), .required("created_at", time),
                .required("updated_at", time),
            ])
        ),
        (
            "DeliveryPolicy",
            .object(DeliveryOverrides.Member.allCases.map { .optional($0.rawValue, $0.schema) })
        ),
        (
            "EgressRule",
            Schema.object(EgressRule.Member.allCases.map { .optional($0.rawValue, $0.schema) })
                .describing("Where the issuer's requests may go; a list without entries says nothing.")
        ),
        (
            "SigningKeySource",
            .object([
                .optional("alg", .words(SignatureAlgorithm.self)),
                .optional(
                    "jwk",
                    anyObject.describing("A private JWK to import; with pkcs11 or remote the public one.")
                ),
                .optional("pem", .text(1...65_536).describing("A private key to import, with alg.")),
                .optional("kid", .text(.identifier).describing("The RFC 7638 thumbprint unless given.")),
                .optional(
                    "pkcs11",
                    Schema.object([
                        .required(
                            "uri",
                            .text(1...PKCS11URI.maximumBytes).describing("RFC 7512, without a query.")
                        )
                    ]).describing("The key is in the HSM; with alg and jwk.")
                ),
                .optional(
                    "remote",
                    Schema.object([
                        .required(
                            "key",
                            .text(1...NewSigningKey.maximumReferenceBytes).describing(
                                "Its name in the signer."
                            )
                        )
                    ]).describing("The OP's own signer has the key; with alg and jwk.")
                ),
            ]).requiringOne(of: ["alg", "jwk"])
        ),
        (
            "SigningKey",
            .object([
                .required("kid", text), .required("alg", .words(SignatureAlgorithm.self)),
                .required("stage", .words(KeyStage.self)), .required("held_by", .words(KeyHolder.self)),
                .required("key_reference", text.orNull), .required("created_at", time),
                .required("published_at", time), .required("activated_at", time.orNull),
                .required("retired_at", time.orNull),
            ])
        ),
        ("Force", .object([.optional("force", boolean.defaulting(to: .bool(false)))])),
    ]

    static let durability = words(SessionDurability.self)
    private static let retention = integer(1...3_650)
}

extension DeliveryOverrides.Member {
    fileprivate var schema: Schema {
        switch self {
        case .attemptTimeoutSeconds: .number(DeliveryOverrides.attemptTimeoutRange)
        case .deliverWithinSeconds: .integer(DeliveryOverrides.deliverWithinRange)
        case .maxAttempts: Schema.integer(DeliveryOverrides.maxAttemptsRange).orNull
        case .maxInFlight: .integer(DeliveryOverrides.maxInFlightRange)
        case .retryWaitsSeconds:
            .array(of: .number(DeliveryOverrides.retryWaitRange), DeliveryOverrides.retryWaitCount)
        case .retryAfterCapSeconds: .integer(DeliveryOverrides.retryAfterCapRange)
        case .tokenLifetimeSeconds: .integer(DeliveryOverrides.tokenLifetimeRange)
        }
    }
}

extension EgressRule.Member {
    fileprivate var schema: Schema {
        let entry: Schema =
            switch self {
            case .allowCIDRs, .denyCIDRs: .text.describing("An address block, such as 10.0.0.0/8.")
            case .allowPorts, .denyPorts: .integer(1...65_535)
            case .allowHosts, .denyHosts:
                .text(1...HostPattern.maximumBytes).describing(
                    "A host, or *.example.com for all names below."
                )
            }
        return .array(of: entry, 0...EgressRule.maximumEntries)
    }
}
