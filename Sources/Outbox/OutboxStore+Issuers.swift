public import AuditTrail
public import LogoutModel
import PostgresClient

extension OutboxStore {
    /// The issuer of this name.
    public func issuer(named name: String) async throws -> Issuer? {
        try await perform { connection in
            try connection.query(.issuerGet, .text(name)).first.map { row in
                var columns = ColumnReader(row)
                return try columns.issuer()
            }
        }
    }

    /// Issuers by name, beginning behind one.
    public func issuers(after name: String?, limit: Int) async throws -> [Issuer] {
        try await perform { connection in
            try connection.query(.issuersList, .optionalText(name), .int4(Int32(limit))).map { row in
                var columns = ColumnReader(row)
                return try columns.issuer()
            }
        }
    }

    /// Creates or replaces an issuer.
    ///
    /// `webhook`: the terms of the completion webhook that `settings` name.
    /// `note`: makes the audit event from the issuer's settings before, `nil` for a new one.
    /// - Throws: ``OutboxError/stillInUse`` where `issuer` would change while deliveries are open,
    ///   ``OutboxError/webhookSecretMissing`` where a webhook's URL is new and no secret is given.
    public func putIssuer(
        named name: String,
        _ settings: Issuer.Settings,
        webhook: WebhookTerms = WebhookTerms(sealedSecret: nil, deliverWithinSeconds: 86_400),
        note: @escaping @Sendable (Issuer.Settings?) -> AuditNote
    ) async throws -> (issuer: Issuer, isNew: Bool) {
        try await repeating { connection in
            try connection.transaction { connection in
                let lock = try connection.query(.issuerLock, .text(name)).first
                if let lock, try lock.text(1) != settings.issuer, try lock.bool(2) {
                    throw OutboxError.stillInUse
                }
                let before = try connection.query(.issuerGet, .text(name)).first.map { row in
                    var columns = ColumnReader(row)
                    return try columns.issuer()
                }
                let rows = try connection.query(
                    .issuerPut,
                    .text(name),
                    .text(settings.issuer),
                    .text(settings.sessionDurability.rawValue),
                    .text(settings.sessionExpiry.rawValue),
                    .jsonb(settings.delivery),
                    .int4(Int32(settings.retentionDays)),
                    .jsonb(settings.egress)
                )
                guard let row = rows.first else { throw OutboxError.notFound }
                let key = try row.int4(0)
                try connection.putWebhook(settings, webhook, before: before?.settings, issuer: key)
                try connection.note(note(before?.settings), issuer: key)
                guard let made = try connection.query(.issuerGet, .text(name)).first else {
                    throw OutboxError.notFound
                }
                var columns = ColumnReader(made)
                return (try columns.issuer(), try row.bool(1))
            }
        }
    }

    /// Deletes an issuer, its clients and its keys.
    ///
    /// `force`: also while deliveries are open; they are gone then.
    /// - Throws: ``OutboxError/notFound``, ``OutboxError/stillInUse``.
    public func deleteIssuer(named name: String, force: Bool, note: AuditNote) async throws {
        try await repeating { connection in
            try connection.transaction { connection in
                guard let lock = try connection.query(.issuerLock, .text(name)).first else {
                    throw OutboxError.notFound
                }
                let key = try lock.int4(0)
                if try lock.bool(2), !force { throw OutboxError.stillInUse }
                _ = try connection.query(.issuerDelete, .int4(key))
                try connection.note(note, issuer: 0)
            }
        }
    }
}

extension ColumnReader {
    fileprivate mutating func issuer() throws -> Issuer {
        let key = try int4()
        let name = try text()
        let settings = Issuer.Settings(
            issuer: try text(),
            sessionDurability: try word(SessionDurability.self),
            sessionExpiry: try word(SessionExpiry.self),
            delivery: try json(),
            egress: try json(),
            retentionDays: try int(),
            completionWebhookURL: try optionalText()
        )
        return Issuer(key: key, name: name, settings: settings, createdAt: try time(), updatedAt: try time())
    }
}
