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
    /// `note`: makes the audit event from the issuer's settings before, `nil` for a new one.
    /// - Throws: ``OutboxError/stillInUse`` where `issuer` would change while deliveries are open.
    public func putIssuer(
        named name: String,
        _ settings: Issuer.Settings,
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
                    .int4(Int32(settings.retentionDays))
                )
                guard let row = rows.first else { throw OutboxError.notFound }
                var columns = ColumnReader(row)
                let issuer = try columns.issuer()
                let isNew = try columns.bool()
                try connection.note(note(before?.settings), issuer: issuer.key)
                return (issuer, isNew)
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
            retentionDays: try int()
        )
        return Issuer(key: key, name: name, settings: settings, createdAt: try time(), updatedAt: try time())
    }
}
