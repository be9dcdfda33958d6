import DeliveryPolicy
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

/// An issuer's completion webhook as a caller gives it.
struct CompletionWebhook {
    let url: String
    /// The one that is stored for the same URL, unless given.
    let secret: WebhookSecret?

    /// Reads the member `completion_webhook`; `nil` where there is to be none.
    init?(readingMemberOf body: inout ObjectReader, egress: EgressPolicy) throws {
        guard var members = try body.optionalObject("completion_webhook") else { return nil }
        url = try members.string("url", maximumBytes: LogoutURI.maximumBytes)
        do {
            _ = try ClientRule(egress: egress).accept(uri: url)
        } catch {
            throw Problem.invalidRequest(error.rule, pointer: "/completion_webhook/url")
        }
        let text = try members.optionalString("secret", maximumBytes: WebhookSecret.maximumBytes)
        secret = try text.map { text in
            guard let secret = WebhookSecret(text) else {
                throw Problem.invalidRequest(
                    "A secret is whsec_ and the standard base64 of 24 to 64 bytes.",
                    pointer: "/completion_webhook/secret"
                )
            }
            return secret
        }
        try members.finish()
    }
}

extension LastcallAPI {
    /// The terms of an issuer's completion webhook: its secret sealed, its deadline that of the issuer's deliveries.
    func webhookTerms(of issuer: Issuer.Settings, _ secret: WebhookSecret?, named name: String) throws
        -> WebhookTerms
    {
        let policy = try DeliveryOverrides(stored: issuer.delivery).resolved(over: .standard)
        let sealed = try secret.map { secret in
            guard let key = settings.keyEncryptionKey else {
                throw Problem.unavailable("This process has no key-encryption key, so it can keep no secret.")
            }
            do {
                return try secret.sealed(issuerID: Array(name.utf8), under: key).bytes
            } catch {
                throw Problem.internalError
            }
        }
        return WebhookTerms(
            sealedSecret: sealed,
            deliverWithinSeconds: Double(policy.deliverWithinSeconds)
        )
    }
}

extension JSONWriter {
    /// What an audit event says of a completion webhook that has changed: where it goes and went, never its secret.
    mutating func webhookChange(
        from before: Issuer.Settings?,
        to after: Issuer.Settings,
        hasNewSecret: Bool
    ) {
        let old = before?.completionWebhookURL
        let new = after.completionWebhookURL
        if old.map({ Array($0.utf8) }) != new.map({ Array($0.utf8) }) {
            member("completion_webhook_url", new)
            member("old_completion_webhook_url", old)
        }
        if hasNewSecret { member("completion_webhook_secret_changed", true) }
    }
}
