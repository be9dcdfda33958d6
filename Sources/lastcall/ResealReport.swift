import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

/// What is sealed under which key-encryption key, and what has been sealed anew.
struct ResealReport {
    let ring: KeyRing
    var counts: [SealCount]
    var signingKeys = 0
    var webhookSecrets = 0
    var authorizationHeaders = 0

    /// How many secrets have been sealed anew.
    var resealed: Int { signingKeys + webhookSecrets + authorizationHeaders }

    /// How many are still under another key than the current one.
    var left: Int { counts.filter { $0.keyID != ring.current.id }.map(\.all).reduce(0, +) }

    /// How many are under keys that the settings do not have.
    var lost: Int { counts.filter { !ring.opens(keyID: $0.hexID) }.map(\.all).reduce(0, +) }

    /// For programs.
    var json: String {
        let object = JSON.object(of: [
            ("current_key_id", .string(ring.current.hexID)),
            ("resealed_signing_keys", .int(signingKeys)),
            ("resealed_webhook_secrets", .int(webhookSecrets)),
            ("resealed_authorization_headers", .int(authorizationHeaders)),
            ("left", .int(left)),
            ("cannot_be_opened", .int(lost)),
            (
                "sealed_under",
                .array(
                    counts.map { count in
                        .object(of: [
                            ("key_id", .string(count.hexID)), ("role", .string(role(of: count))),
                            ("signing_keys", .int(count.signingKeys)),
                            ("webhook_secrets", .int(count.webhookSecrets)),
                            ("authorization_headers", .int(count.authorizationHeaders)),
                        ])
                    }
                )
            ),
        ])
        return String(decoding: object.serialized(), as: UTF8.self)
    }

    /// For people.
    var text: String {
        var text = ""
        if resealed > 0 {
            text += "sealed anew: \(signingKeys) signing keys, \(webhookSecrets) webhook secrets, "
            text += "\(authorizationHeaders) authorization headers\n"
        }
        let columns = ["key_id", "role", "signing_keys", "webhook_secrets", "authorization_headers"]
        let rows = counts.map { count in
            [count.hexID, role(of: count)]
                + [count.signingKeys, count.webhookSecrets, count.authorizationHeaders].map { "\($0)" }
        }
        text += Table(columns: columns, rows: rows).text
        text += left == 0 ? "nothing is left under another key\n" : "\(left) left under other keys\n"
        if lost > 0 { text += "\(lost) under keys that the settings do not have: these sign nothing\n" }
        return text
    }

    private func role(of count: SealCount) -> String {
        if count.keyID == ring.current.id { return "current" }
        return ring.opens(keyID: count.hexID) ? "previous" : "unknown"
    }
}

extension SealCount {
    fileprivate var all: Int { signingKeys + webhookSecrets + authorizationHeaders }

    fileprivate var hexID: String { Hex.encode(keyID) }
}
