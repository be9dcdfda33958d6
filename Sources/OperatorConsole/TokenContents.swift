import StrictJSON

/// What the next token of a delivery will say, as its client is registered now: header and claims. Of the last one only `kid`, `jti` and
/// the time are known: a token is kept nowhere.
struct TokenContents {
    let delivery: JSON
    let client: JSON?
    let issuer: JSON?

    private var receiver: JSON? { client?["shared_signals"].flatMap { $0.members.isEmpty ? nil : $0 } }
    private var last: JSON? { delivery["attempts"]?.elements.last }

    /// How long it means something.
    var hint: String {
        guard client != nil else {
            return "No client of this name is registered now, so no token can be made for it."
        }
        let kind =
            receiver == nil
            ? "A token is made for each attempt and kept nowhere."
            : "A Security Event Token, with the same jti at each attempt, is kept nowhere."
        return kind + " These are the header and claims of the next one, as the client is registered now."
    }

    /// Header and claims, each with its name.
    var rows: [View] {
        let lastToken = [
            ("kid", last?["kid"]?.text), ("jti", last?["jti"]?.text), ("sent", last?["started_at"]?.text),
        ]
        let known = Self.views(lastToken, part: "last token")
        guard let client else { return known }
        let header = [
            ("typ", receiver == nil ? "logout+jwt" : "secevent+jwt"),
            ("alg", client["id_token_signed_response_alg"]?.text),
            ("kid", "of the key that is active then"),
        ]
        let claims = receiver.map(securityEvent) ?? logout
        return Self.views(header, part: "header") + Self.views(claims, part: "claim") + known
    }

    private var logout: [(String, String?)] {
        let lifetime =
            client?["delivery"]?["token_lifetime_seconds"]?.int
            ?? issuer?["delivery"]?["token_lifetime_seconds"]?.int ?? 120
        return [
            ("iss", issuer?["issuer"]?.text), ("aud", delivery["client_id"]?.text),
            ("iat", "when it is sent, in seconds"), ("exp", "\(lifetime) s after iat"),
            ("jti", "new for each attempt"),
            ("events", "http://schemas.openid.net/event/backchannel-logout"),
            ("sub", delivery["sub"]?.text), ("sid", delivery["sid"]?.text),
        ]
    }

    private func securityEvent(_ receiver: JSON) -> [(String, String?)] {
        [
            ("iss", issuer?["issuer"]?.text),
            ("aud", receiver["aud"]?.text ?? delivery["client_id"]?.text),
            ("iat", "when the logout was accepted, in seconds"),
            ("jti", "of the delivery, the same at each attempt"),
            ("sub_id user", delivery["sub"]?.text), ("sub_id session", delivery["sid"]?.text),
            ("events", "https://schemas.openid.net/secevent/caep/event-type/session-revoked"),
        ]
    }

    private static func views(_ rows: [(String, String?)], part: String) -> [View] {
        rows.compactMap { label, value in value.map { ["label": label, "value": $0, "part": part] } }
    }
}
