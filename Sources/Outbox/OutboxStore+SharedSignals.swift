import FoundationEssentials
public import LogoutModel
import PostgresClient

/// What a `PUT` makes of the `Authorization` header that is kept for a receiver of Shared Signals.
public enum AuthorizationChange: Sendable, Hashable {
    /// It stays, where the endpoint does.
    case keep
    /// There is none from here on.
    case remove
    /// This one, sealed as private keys are.
    case replace([UInt8])
}

extension OutboxStore {
    /// Why logouts happened, as the OP said; an event that is gone is left out.
    public func initiators(of events: [IssuerEvent]) async throws -> [IssuerEvent: Initiator] {
        try await perform { connection in
            let rows = try connection.query(
                .signalInitiators,
                .int4Array(events.map(\.issuerKey)),
                .uuidArray(events.map(\.id.uuid))
            )
            var initiators: [IssuerEvent: Initiator] = [:]
            for row in rows {
                var columns = ColumnReader(row)
                let issuer = try columns.int4()
                let event = IssuerEvent(issuerKey: issuer, id: LogoutEventID.of(try columns.uuid()))
                initiators[event] = try columns.word(Initiator.self)
            }
            return initiators
        }
    }
}

extension IssuerConnection {
    /// Keeps a receiver's header, or drops it, in the transaction that has put the client; whether anything changed.
    ///
    /// A header is for one endpoint: it never follows a client to another, and goes where the client takes logout tokens.
    ///
    /// - Throws: ``OutboxError/authorizationHeaderMissing`` where a header is kept, the endpoint is another, and nobody
    ///   says what becomes of it.
    func authorize(
        _ clientID: String,
        _ change: AuthorizationChange,
        before: Client.Metadata?,
        after: Client.Metadata
    ) throws -> Bool {
        let had = before?.sharedSignals?.hasAuthorizationHeader ?? false
        switch change {
        case .replace(let sealed) where after.sharedSignals != nil:
            _ = try query(.clientAuthorize, .text(clientID), .bytea(sealed))
            return true
        case .keep where after.sharedSignals != nil:
            let (old, new) = (before?.backchannelLogoutURI ?? "", after.backchannelLogoutURI ?? "")
            guard !had || old.utf8.elementsEqual(new.utf8) else {
                throw OutboxError.authorizationHeaderMissing
            }
            return false
        case .keep, .remove, .replace:
            guard had else { return false }
            _ = try query(.clientAuthorize, .text(clientID), .null)
            return true
        }
    }
}

extension ColumnReader {
    /// The terms of a receiver, and whether a header is kept for it; `nil` for a client that takes logout tokens.
    mutating func sharedSignals() throws -> SharedSignals? {
        let stored = try optionalJSON()
        let hasSecret = try bool()
        guard let stored else { return nil }
        guard let terms = SharedSignals(stored: stored, hasAuthorizationHeader: hasSecret) else {
            throw OutboxError.unknownWord("shared_signals")
        }
        return terms
    }
}
