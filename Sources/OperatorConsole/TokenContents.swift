import StrictJSON

/// What the last token of a delivery said, or the next one will: header and claims, never the token, which is kept nowhere.
struct TokenContents {
    let delivery: JSON
    let client: JSON?
    let issuer: JSON?

    private var receiver: JSON? { client?["shared_signals"].flatMap { $0.members.isEmpty ? nil : $0 } }
    private var last: JSON? { delivery["attempts"]?.elements.last }

    /// How long it means something.
    var hint: String {
        receiver == nil
            ? "A token is made for each attempt and kept nowhere. These are its header and claims."
            : "A Security Event Token, the same at each attempt and kept nowhere. These are its header and claims."
    }

    /// Header and claims, each with its name.
    var rows: [View] {
        let header = [
            ("typ", receiver == nil ? "logout+jwt" : "secevent+jwt"),
            ("alg", client?["id_token_signed_response_alg"]?.text),
            ("kid", last?["kid"]?.text ?? "of the key that is active then"),
        ]
        let claims = receiver.map(securityEvent) ?? logout
        return Self.views(header, part: "header") + Self.views(claims, part: "claim")
    }

    private var logout: [(String, String?)] {
        let lifetime =
            client?["delivery"]?["token_lifetime_seconds"]?.int
            ?? issuer?["delivery"]?["token_lifetime_seconds"]?.int ?? 120
        return [
            ("iss", issuer?["issuer"]?.text), ("aud", delivery["client_id"]?.text),
            ("iat", last?["started_at"]?.text.map { "\($0), in seconds" } ?? "when it is sent"),
            ("exp", "\(lifetime) s after iat"),
            ("jti", last?["jti"]?.text ?? "new for each attempt"),
            ("events", "http://schemas.openid.net/event/backchannel-logout"),
            ("sub", delivery["sub"]?.text), ("sid", delivery["sid"]?.text),
        ]
    }

    private func securityEvent(_ receiver: JSON) -> [(String, String?)] {
        [
            ("iss", issuer?["issuer"]?.text),
            ("aud", receiver["aud"]?.text ?? delivery["client_id"]?.text),
            ("iat", "when the logout was accepted, in seconds"),
            ("jti", last?["jti"]?.text ?? "of the delivery"),
            ("sub_id user", delivery["sub"]?.text), ("sub_id session", delivery["sid"]?.text),
            ("events", "https://schemas.openid.net/secevent/caep/event-type/session-revoked"),
        ]
    }

    private static func views(_ rows: [(String, String?)], part: String) -> [View] {
        rows.compactMap { label, value in value.map { ["label": label, "value": $0, "part": part] } }
    }
}
