public import AuditTrail
public import LogoutModel
import PostgresClient

/// A signing key to be kept.
public struct NewSigningKey: Sendable {
    /// Its id in the JWK Set.
    public let kid: String
    /// Its JOSE algorithm.
    public let alg: String
    /// The public JWK, a JSON object.
    public let publicJWK: String
    /// The private key, sealed under a key that Postgres never sees; `nil` where another holds it.
    public let sealedPrivateKey: [UInt8]?
    /// Who holds it.
    public let heldBy: KeyHolder
    /// What that holder calls it; `nil` where it is Lastcall.
    public let keyReference: String?

    /// A key to be kept.
    public init(kid: String, alg: String, publicJWK: String, sealedPrivateKey: [UInt8]) {
        self.kid = kid
        self.alg = alg
        self.publicJWK = publicJWK
        self.sealedPrivateKey = sealedPrivateKey
        heldBy = .lastcall
        keyReference = nil
    }

    /// A key whose private part somebody else holds: `heldBy` is not ``LogoutModel/KeyHolder/lastcall``.
    public init(kid: String, alg: String, publicJWK: String, heldBy: KeyHolder, keyReference: String) {
        self.kid = kid
        self.alg = alg
        self.publicJWK = publicJWK
        sealedPrivateKey = nil
        self.heldBy = heldBy
        self.keyReference = keyReference
    }
}

extension OutboxStore {
    /// The keys of an issuer, oldest first.
    public func signingKeys(of issuer: Int32) async throws -> [SigningKeyRecord] {
        try await reading(for: issuer) { connection in
            try connection.query(.keysList).map { row in
                var columns = ColumnReader(row)
                return try columns.signingKey()
            }
        }
    }

    /// Adds a key: active at once where its `alg` has none, `next` otherwise.
    ///
    /// - Throws: ``OutboxError/alreadyExists`` where the `kid` is taken, ``OutboxError/notFound`` without the issuer.
    public func addSigningKey(_ key: NewSigningKey, ofIssuerNamed name: String, note: AuditNote) async throws
        -> SigningKeyRecord
    {
        try await changeKeys(ofIssuerNamed: name, note: note) { connection, issuer, _ in
            let rows = try connection.query(
                .keyAdd,
                .int4(issuer),
                .text(key.kid),
                .text(key.alg),
                .jsonb(key.publicJWK),
                key.sealedPrivateKey.map { .bytea($0) } ?? .null,
                .text(key.heldBy.rawValue),
                .optionalText(key.keyReference)
            )
            guard let row = rows.first else { throw OutboxError.alreadyExists }
            return row
        }
    }

    /// Makes a key active and retires the one before it.
    ///
    /// `isRepublished`: whether the key had left the JWK Set, so that its publication begins anew.
    /// `rule`: refuses by throwing, from the key and all keys of the issuer.
    public func activateSigningKey(
        _ kid: String,
        ofIssuerNamed name: String,
        note: AuditNote,
        isRepublished: @escaping @Sendable (SigningKeyRecord) throws -> Bool = { _ in false },
        rule: @escaping @Sendable (SigningKeyRecord, [SigningKeyRecord]) throws -> Void
    ) async throws -> SigningKeyRecord {
        try await changeKeys(ofIssuerNamed: name, note: note) { connection, issuer, keys in
            guard let key = keys.key(kid) else { throw OutboxError.notFound }
            try rule(key, keys)
            return try connection.query(
                .keyActivate,
                .int4(issuer),
                .text(kid),
                .text(key.alg),
                .bool(isRepublished(key))
            ).first
        }
    }

    /// Retires a key: it signs no more and stays in the JWK Set for a while.
    ///
    /// `rule`: refuses by throwing, from the key and all keys of the issuer.
    public func retireSigningKey(
        _ kid: String,
        ofIssuerNamed name: String,
        note: AuditNote,
        rule: @escaping @Sendable (SigningKeyRecord, [SigningKeyRecord]) throws -> Void
    ) async throws -> SigningKeyRecord {
        try await changeKeys(ofIssuerNamed: name, note: note) { connection, issuer, keys in
            guard let key = keys.key(kid) else { throw OutboxError.notFound }
            try rule(key, keys)
            return try connection.query(.keyRetire, .int4(issuer), .text(kid)).first
        }
    }

    private func changeKeys(
        ofIssuerNamed name: String,
        note: AuditNote,
        _ change: @escaping @Sendable (PostgresConnection, Int32, [SigningKeyRecord]) throws -> PostgresRow?
    ) async throws -> SigningKeyRecord {
        try await repeating { connection in
            try connection.transaction { connection in
                guard let lock = try connection.query(.issuerLock, .text(name)).first else {
                    throw OutboxError.notFound
                }
                let issuer = try lock.int4(0)
                guard let row = try change(connection, issuer, connection.signingKeys(of: issuer)) else {
                    throw OutboxError.notFound
                }
                var columns = ColumnReader(row)
                let record = try columns.signingKey()
                _ = try connection.query(.issuerTouch, .int4(issuer))
                try connection.note(note, issuer: issuer)
                return record
            }
        }
    }
}

extension [SigningKeyRecord] {
    /// The key of this `kid`, compared by bytes as Postgres does: Swift's `==` takes two spellings for one key.
    fileprivate func key(_ kid: String) -> SigningKeyRecord? {
        first { $0.kid.utf8.elementsEqual(kid.utf8) }
    }
}

extension PostgresConnection {
    fileprivate func signingKeys(of issuer: Int32) throws -> [SigningKeyRecord] {
        try query(.keysList, .int4(issuer)).map { row in
            var columns = ColumnReader(row)
            return try columns.signingKey()
        }
    }
}

extension ColumnReader {
    fileprivate mutating func signingKey() throws -> SigningKeyRecord {
        SigningKeyRecord(
            kid: try text(),
            alg: try text(),
            stage: try text(),
            publicJWK: try json(),
            createdAt: try time(),
            publishedAt: try time(),
            activatedAt: try optionalTime(),
            retiredAt: try optionalTime(),
            heldBy: try word(KeyHolder.self),
            keyReference: try optionalText(),
            readAt: try time()
        )
    }
}
