import LogoutTokens
import StrictJSON

extension Operation {
    static let healthTag = "health"

    static let ofHealth: [Operation] = [
        Operation(
            route: "GET /healthz",
            id: "getHealth",
            tag: healthTag,
            summary: "Whether the process is alive.",
            answers: [.shown("Health")]
        ),
        Operation(
            route: "GET /readyz",
            id: "getReadiness",
            tag: healthTag,
            summary: "Whether the process should be given work.",
            answers: [
                .shown("Readiness"),
                Answer(503, "It should not.", .named("Readiness"), headers: [.init("Retry-After", .text)]),
            ]
        ),
        Operation(
            route: "GET /openapi.json",
            id: "getOpenAPI",
            tag: healthTag,
            summary: "This document.",
            answers: [Answer(200, "This document.", .anyObject)]
        ),
        Operation(
            route: "GET /docs",
            id: "getDocs",
            tag: healthTag,
            summary: "This document as a page for people.",
            answers: [Answer(200, "The page.", .text, mediaType: LastcallAPI.htmlType)]
        ),
    ]

    static let ofIssuers: [Operation] = [
        Operation(
            route: "GET /v1/issuers",
            id: "listIssuers",
            tag: "issuers",
            summary: "The issuers that the key may see, by name.",
            query: Parameter.page,
            answers: [.page(of: "Issuer")]
        ),
        Operation(
            route: "GET /v1/issuers/{issuer}",
            id: "getIssuer",
            tag: "issuers",
            summary: "An issuer.",
            answers: [.shown("Issuer")]
        ),
        Operation(
            route: "PUT /v1/issuers/{issuer}",
            id: "putIssuer",
            tag: "issuers",
            summary: "Make or replace an issuer.",
            body: Body(schema: .named("IssuerSettings")),
            answers: [.shown("Issuer"), .created("Issuer")],
            refusals: [409: ["still_in_use"]]
        ),
        Operation(
            route: "DELETE /v1/issuers/{issuer}",
            id: "deleteIssuer",
            tag: "issuers",
            summary: "Delete an issuer and everything of it.",
            query: [.init("force", .words(["true", "false"]), "Even while deliveries are open.")],
            answers: [.gone],
            refusals: [409: ["still_in_use"]]
        ),
    ]

    private static let keys = "/v1/issuers/{issuer}/signing-keys"

    static let ofSigningKeys: [Operation] = [
        Operation(
            route: "GET /issuers/{issuer}/jwks.json",
            id: "getJWKSet",
            tag: "signing keys",
            summary: "The public keys, for the OP's jwks_uri.",
            answers: [
                Answer(
                    200,
                    "The JWK Set.",
                    .named("JWKSet"),
                    mediaType: "application/jwk-set+json",
                    headers: [.init("Cache-Control", .text)]
                )
            ]
        ),
        Operation(
            route: "GET \(keys)",
            id: "listSigningKeys",
            tag: "signing keys",
            summary: "The signing keys, never their private parts.",
            query: Parameter.page,
            answers: [.page(of: "SigningKey")]
        ),
        Operation(
            route: "POST \(keys)",
            id: "createSigningKey",
            tag: "signing keys",
            summary: "Make a signing key, or import one.",
            body: Body(schema: .named("SigningKeySource")),
            answers: [.created("SigningKey")],
            refusals: [400: ["invalid_key"], 409: ["already_exists"]]
        ),
        Operation(
            route: "GET \(keys)/{kid}",
            id: "getSigningKey",
            tag: "signing keys",
            summary: "A signing key.",
            answers: [.shown("SigningKey")]
        ),
        Operation(
            route: "POST \(keys)/{kid}/activate",
            id: "activateSigningKey",
            tag: "signing keys",
            summary: "Sign with this key from now on.",
            body: Body(schema: .named("Force"), isRequired: false),
            answers: [.shown("SigningKey")],
            refusals: [409: ["key_not_yet_published"]]
        ),
        Operation(
            route: "POST \(keys)/{kid}/retire",
            id: "retireSigningKey",
            tag: "signing keys",
            summary: "Sign with this key no more.",
            body: Body(schema: .named("Force"), isRequired: false),
            answers: [.shown("SigningKey")],
            refusals: [409: ["last_active_key"]]
        ),
    ]
}
