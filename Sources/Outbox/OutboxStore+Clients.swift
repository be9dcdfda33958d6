public import AuditTrail
import Logging
public import LogoutModel
import PostgresClient

extension OutboxStore {
    /// One client of an issuer.
    public func client(_ clientID: String, of issuer: Int32) async throws -> Client? {
        try await reading(for: issuer) { connection in
            try connection.query(.clientGet, .text(clientID)).first.map { row in
                var columns = ColumnReader(row)
                return try columns.client()
            }
        }
    }

    /// Clients by `client_id`, beginning behind one.
    public func clients(of issuer: Int32, after clientID: String?, limit: Int) async throws -> [Client] {
        try await reading(for: issuer) { connection in
            try connection.query(.clientsList, .optionalText(clientID), .int4(Int32(limit))).map { row in
                var columns = ColumnReader(row)
                return try columns.client()
            }
        }
    }

    /// Registers a client or replaces its metadata.
    ///
    /// `authorization`: what becomes of the header that is kept for a receiver of Shared Signals.
    /// `note`: makes the audit event from the metadata before, `nil` for a new client.
    /// - Throws: ``OutboxError/authorizationHeaderMissing``.
    public func putClient(
        _ clientID: String,
        of issuer: Int32,
        _ metadata: Client.Metadata,
        authorization: AuthorizationChange = .keep,
        note: @escaping @Sendable (Client.Metadata?) -> AuditNote
    ) async throws -> (client: Client, isNew: Bool) {
        try await changing(for: issuer) { connection in
            _ = try connection.query(.clientPutTurn, .text(clientID))
            let before = try connection.query(.clientGet, .text(clientID)).first.map { row in
                var columns = ColumnReader(row)
                return try columns.client()
            }
            let rows = try connection.query(
                .clientPut,
                .text(clientID),
                .optionalText(metadata.backchannelLogoutURI),
                .bool(metadata.backchannelLogoutSessionRequired),
                .text(metadata.signedResponseAlg),
                .jsonb(metadata.other),
                .jsonb(metadata.delivery),
                metadata.sharedSignals.map { .jsonb($0.json) } ?? .null
            )
            guard let row = rows.first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            var client = try columns.client()
            let isNew = try columns.bool()
            let isAuthorizedAnew = try connection.authorize(
                clientID,
                authorization,
                before: before?.metadata,
                after: metadata
            )
            if isAuthorizedAnew, let row = try connection.query(.clientGet, .text(clientID)).first {
                var columns = ColumnReader(row)
                client = try columns.client()
            }
            try connection.note(note(before?.metadata))
            return (client, isNew)
        }
    }

    /// Lets a client's deliveries wait until they are released, or lets them go.
    ///
    /// `note`: written where this changes anything.
    /// - Throws: ``OutboxError/notFound``.
    public func hold(_ clientID: String, of issuer: Int32, _ isHeld: Bool, note: AuditNote) async throws
        -> Client
    {
        try await changing(for: issuer) { connection in
            let changed = try connection.query(.clientHold, .text(clientID), .bool(isHeld))
            if changed.first != nil { try connection.note(note) }
            guard let row = try connection.query(.clientGet, .text(clientID)).first else {
                throw OutboxError.notFound
            }
            var columns = ColumnReader(row)
            return try columns.client()
        }
    }

    /// Deletes a client. Its waiting deliveries end as `failed`/`client_not_found`: the first few thousand at once, the
    /// rest by the workers; one in flight ends so unless the RP accepts it.
    ///
    /// - Throws: ``OutboxError/notFound``.
    public func deleteClient(_ clientID: String, of issuer: Int32, note: AuditNote) async throws {
        let key = try await changing(for: issuer) { connection in
            guard let row = try connection.query(.clientDelete, .text(clientID)).first else {
                throw OutboxError.notFound
            }
            try connection.note(note)
            return try row.int4(0)
        }
        do {
            for _ in 0..<5 {
                guard try await endOverdue(worker: nil, client: key, limit: 1_000) == 1_000 else { return }
            }
        } catch {
            // The client is gone for good: to fail now would send the caller back for a 404.
            logger.notice(
                "a deleted client's deliveries are left to the workers",
                metadata: ["error": "\(error)"]
            )
        }
    }
}

extension ColumnReader {
    fileprivate mutating func client() throws -> Client {
        let key = try int4()
        let clientID = try text()
        let metadata = Client.Metadata(
            backchannelLogoutURI: try optionalText(),
            backchannelLogoutSessionRequired: try bool(),
            signedResponseAlg: try text(),
            other: try json(),
            delivery: try json(),
            sharedSignals: try sharedSignals()
        )
        return Client(
            key: key,
            clientID: clientID,
            metadata: metadata,
            isHeld: try bool(),
            breaker: try word(BreakerState.self),
            createdAt: try time(),
            updatedAt: try time()
        )
    }
}
