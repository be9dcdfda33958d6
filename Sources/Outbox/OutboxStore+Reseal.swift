import AuditTrail
import LogoutModel
import PostgresClient

/// A stored secret, with the row that its seal is bound to.
public struct StoredSeal: Sendable {
    /// What is sealed.
    public enum Content: Sendable, Hashable {
        /// The private part of a signing key.
        case signingKey(kid: String, alg: String)
        /// What completion webhooks are signed with.
        case webhookSecret
        /// The `Authorization` header of a receiver of Shared Signals, for this URL.
        case authorizationHeader(clientID: String, url: String)
    }

    /// The name of the issuer that it belongs to.
    public let issuerName: String
    /// What is sealed.
    public let content: Content
    /// The seal.
    public let bytes: [UInt8]
}

/// How many secrets are sealed under one key-encryption key.
public struct SealCount: Sendable, Hashable {
    /// The key's id.
    public let keyID: [UInt8]
    /// Private keys.
    public let signingKeys: Int
    /// Secrets of completion webhooks.
    public let webhookSecrets: Int
    /// `Authorization` headers of receivers of Shared Signals.
    public let authorizationHeaders: Int

    /// So many secrets under one key.
    public init(keyID: [UInt8], signingKeys: Int, webhookSecrets: Int, authorizationHeaders: Int) {
        self.keyID = keyID
        self.signingKeys = signingKeys
        self.webhookSecrets = webhookSecrets
        self.authorizationHeaders = authorizationHeaders
    }
}

/// How far the sealing anew of all secrets has come.
public struct ResealPosition: Sendable, Hashable {
    enum Place: Sendable, Hashable {
        case keys(issuer: Int32, kid: String)
        case secrets(client: Int32)
        case end
    }

    var place: Place

    /// Before the first row.
    public static let beginning = ResealPosition(place: .keys(issuer: 0, kid: ""))

    /// Whether every row has been looked at.
    public var isEnd: Bool { place == .end }
}

/// What one step of sealing anew did.
public struct ResealStep: Sendable {
    /// Private keys under their new seal.
    public var signingKeys = 0
    /// Secrets of completion webhooks under their new seal.
    public var webhookSecrets = 0
    /// `Authorization` headers of receivers under their new seal.
    public var authorizationHeaders = 0
    /// Seals that could not be opened; they are as they were.
    public var unopened = 0
    /// Where the next step begins.
    public var next: ResealPosition
}

extension OutboxStore {
    /// The most secrets in one step: the rows are locked meanwhile, against changes of a key's stage.
    public static let maximumResealedAtOnce = 100

    /// Under which key-encryption keys secrets are sealed.
    public func sealCounts() async throws -> [SealCount] {
        try await perform { connection in
            try connection.query(.sealCounts).map { row in
                var columns = ColumnReader(row)
                return SealCount(
                    keyID: try columns.bytes(),
                    signingKeys: Int(try columns.int8()),
                    webhookSecrets: Int(try columns.int8()),
                    authorizationHeaders: Int(try columns.int8())
                )
            }
        }
    }

    /// Seals the next secrets anew, in one transaction with an audit event for each issuer.
    ///
    /// Rows that another transaction holds are passed over, and a seal that is no longer the one that was read stays:
    /// any number of these run beside workers, rotations and each other, and again after any of them was cut off.
    ///
    /// `keyID`: of the current key-encryption key; what is sealed under it is left alone.
    /// `reseal`: the new seal; `nil` where the old one cannot be opened.
    public func reseal(
        after position: ResealPosition,
        under keyID: [UInt8],
        actor: String,
        _ reseal: @escaping @Sendable (StoredSeal) -> [UInt8]?
    ) async throws -> ResealStep {
        try await repeating { connection in
            try connection.transaction { connection in
                switch position.place {
                case .keys(let issuer, let kid):
                    try connection.resealKeys(afterIssuer: issuer, kid: kid, under: keyID, actor, reseal)
                case .secrets(let client):
                    try connection.resealSecrets(after: client, under: keyID, actor, reseal)
                case .end: ResealStep(next: position)
                }
            }
        }
    }
}

extension PostgresConnection {
    fileprivate func resealKeys(
        afterIssuer issuer: Int32,
        kid: String,
        under keyID: [UInt8],
        _ actor: String,
        _ reseal: (StoredSeal) -> [UInt8]?
    ) throws -> ResealStep {
        let limit = OutboxStore.maximumResealedAtOnce
        let rows = try query(
            .resealKeys,
            .bytea(keyID),
            .int4(issuer),
            .text(kid),
            .int4(Int32(limit))
        ).map { row in
            var columns = ColumnReader(row)
            let issuer = try columns.int4()
            let (name, kid, alg) = (try columns.text(), try columns.text(), try columns.text())
            let content = StoredSeal.Content.signingKey(kid: kid, alg: alg)
            return (issuer, kid, StoredSeal(issuerName: name, content: content, bytes: try columns.bytes()))
        }
        var step = ResealStep(next: ResealPosition(place: .secrets(client: 0)))
        if rows.count == limit, let last = rows.last {
            step.next = ResealPosition(place: .keys(issuer: last.0, kid: last.1))
        }
        let opened = rows.compactMap { row in reseal(row.2).map { (row, $0) } }
        step.unopened = rows.count - opened.count
        guard !opened.isEmpty else { return step }
        let stored = try query(
            .resealKeysPut,
            .int4Array(opened.map(\.0.0)),
            .textArray(opened.map(\.0.1)),
            .byteaArray(opened.map(\.0.2.bytes)),
            .byteaArray(opened.map(\.1))
        ).map { try $0.int4(0) }
        step.signingKeys = stored.count
        try noteResealed(stored, "signing_keys", under: keyID, actor)
        return step
    }

    fileprivate func resealSecrets(
        after client: Int32,
        under keyID: [UInt8],
        _ actor: String,
        _ reseal: (StoredSeal) -> [UInt8]?
    ) throws -> ResealStep {
        let limit = OutboxStore.maximumResealedAtOnce
        let rows = try query(
            .resealSecrets,
            .bytea(keyID),
            .int4(client),
            .int4(Int32(limit))
        ).map { row in
            var columns = ColumnReader(row)
            let client = try columns.int4()
            columns.skip(1)
            let name = try columns.text()
            let bytes = try columns.bytes()
            let isWebhook = try columns.bool()
            let header = StoredSeal.Content.authorizationHeader(
                clientID: try columns.text(),
                url: try columns.text()
            )
            let content = isWebhook ? .webhookSecret : header
            return (client, StoredSeal(issuerName: name, content: content, bytes: bytes))
        }
        var step = ResealStep(next: ResealPosition(place: .end))
        if rows.count == limit, let last = rows.last {
            step.next = ResealPosition(place: .secrets(client: last.0))
        }
        let opened = rows.compactMap { row in reseal(row.1).map { (row, $0) } }
        step.unopened = rows.count - opened.count
        guard !opened.isEmpty else { return step }
        let stored = try query(
            .resealSecretsPut,
            .int4Array(opened.map(\.0.0)),
            .byteaArray(opened.map(\.0.1.bytes)),
            .byteaArray(opened.map(\.1))
        ).map { (issuer: try $0.int4(0), isWebhook: try $0.bool(1)) }
        let webhooks = stored.filter(\.isWebhook).map(\.issuer)
        let headers = stored.filter { !$0.isWebhook }.map(\.issuer)
        (step.webhookSecrets, step.authorizationHeaders) = (webhooks.count, headers.count)
        try noteResealed(webhooks, "webhook_secrets", under: keyID, actor)
        try noteResealed(headers, "authorization_headers", under: keyID, actor)
        return step
    }

    /// One event for each issuer: how many of its secrets are under another key now, and which key that is.
    private func noteResealed(
        _ issuers: [Int32],
        _ what: String,
        under keyID: [UInt8],
        _ actor: String
    ) throws {
        let id = Hex.encode(keyID)
        for (issuer, all) in Dictionary(grouping: issuers, by: { $0 }).sorted(by: { $0.key < $1.key }) {
            let data = #"{"resealed_\#(what)": \#(all.count), "key_encryption_key_id": "\#(id)"}"#
            try note(AuditNote(.issuerChanged, actor: actor, data: data), issuer: issuer)
        }
    }
}
