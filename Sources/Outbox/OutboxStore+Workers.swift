public import LogoutModel
import PostgresClient

/// What a worker must know of a client to send to it.
public struct KnownClient: Sendable {
    /// The client's row and lane.
    public let key: Int32
    /// The issuer's row.
    public let issuerKey: Int32
    /// The `aud` of its tokens.
    public let clientID: String
    /// Where they go.
    public let backchannelLogoutURI: String?
    /// Whether it needs a `sid`.
    public let sessionRequired: Bool
    /// The JOSE algorithm of its tokens.
    public let alg: String
    /// Its overrides of the delivery policy, a JSON object.
    public let delivery: String
    /// Moves with every change.
    public let version: Int64
    /// Whether it is an issuer's completion webhook.
    public let isWebhook: Bool
    /// What its webhooks are signed with, or a receiver's `Authorization` header, sealed as private keys are.
    public let sealedSecret: [UInt8]?
    /// How its tokens are encrypted and its server connected to, a JSON object; see `Client.Metadata`.
    public let metadata: String
    /// How it takes Security Event Tokens at its URI, a JSON object (see `SharedSignals`); `nil` where it takes logout tokens.
    public let sharedSignals: String?

    /// A client as its row says.
    public init(
        key: Int32,
        issuerKey: Int32,
        clientID: String,
        backchannelLogoutURI: String?,
        sessionRequired: Bool,
        alg: String,
        delivery: String,
        version: Int64,
        isWebhook: Bool = false,
        sealedSecret: [UInt8]? = nil,
        metadata: String = "{}",
        sharedSignals: String? = nil
    ) {
        self.key = key
        self.issuerKey = issuerKey
        self.clientID = clientID
        self.backchannelLogoutURI = backchannelLogoutURI
        self.sessionRequired = sessionRequired
        self.alg = alg
        self.delivery = delivery
        self.version = version
        self.isWebhook = isWebhook
        self.sealedSecret = sealedSecret
        self.metadata = metadata
        self.sharedSignals = sharedSignals
    }
}

/// What a worker must know of an issuer to sign for it.
public struct KnownIssuer: Sendable {
    /// The issuer's row.
    public let key: Int32
    /// Its name.
    public let name: String
    /// The `iss` of its tokens.
    public let issuer: String
    /// Its members of the delivery policy, a JSON object.
    public let delivery: String
    /// Moves with every change, of its keys too.
    public let version: Int64
    /// The operator's rules on where its requests may go, a JSON object.
    public let egress: String
    /// The keys that sign now, by `alg`.
    public let keys: [SealedSigningKey]
}

/// A key that signs, as it is stored.
public struct SealedSigningKey: Sendable {
    /// Its id in the JWK Set.
    public let kid: String
    /// Its JOSE algorithm.
    public let alg: String
    /// The sealed private key; `nil` where another holds it.
    public let sealed: [UInt8]?
    /// Who holds it.
    public let heldBy: KeyHolder
    /// What that holder calls it; `nil` where it is Lastcall.
    public let keyReference: String?
    /// The public JWK, a JSON object.
    public let publicJWK: String
}

extension OutboxStore {
    /// Registers this process; attempts name it.
    public func registerWorker(named name: String) async throws -> Int32 {
        try await perform { connection in
            guard let row = try connection.query(.registerWorker, .text(name)).first else {
                throw OutboxError.notFound
            }
            return try row.int4(0)
        }
    }

    /// Clients and their issuers with the keys that sign now, read together.
    public func configurations(
        ofClients clients: [Int32]
    ) async throws -> (clients: [KnownClient], issuers: [KnownIssuer]) {
        try await perform { connection in
            try connection.transaction { connection in
                let clients = try connection.query(.workerClients, .int4Array(clients)).map { row in
                    var columns = ColumnReader(row)
                    return try columns.knownClient()
                }
                let issuers = try connection.knownIssuers(Set(clients.map(\.issuerKey)).sorted())
                return (clients, issuers)
            }
        }
    }

    /// Creates coming partitions and drops idempotency keys that have had their time; one process at a time does it.
    public func keepPartitions(daysAhead: Int) async throws {
        var changed: Int32?
        repeat {
            changed = try await perform(within: .seconds(10)) { connection in
                try connection.query(.keepPartitions, .int4(Int32(daysAhead))).first?.optionalInt4(0)
            }
        } while (changed ?? 0) > 0
    }
}

extension PostgresConnection {
    fileprivate func knownIssuers(_ issuers: [Int32]) throws -> [KnownIssuer] {
        // The issuers first: a key that changes between the two reads moves a version that is read again.
        let rows = try query(.workerIssuers, .int4Array(issuers))
        var keys: [Int32: [SealedSigningKey]] = [:]
        for row in try query(.workerKeys, .int4Array(issuers)) {
            var columns = ColumnReader(row)
            let issuer = try columns.int4()
            columns.skip(1)
            let key = SealedSigningKey(
                kid: try columns.text(),
                alg: try columns.text(),
                sealed: try columns.optionalBytes(),
                heldBy: try columns.word(KeyHolder.self),
                keyReference: try columns.optionalText(),
                publicJWK: try columns.json()
            )
            keys[issuer, default: []].append(key)
        }
        return try rows.map { row in
            var columns = ColumnReader(row)
            let key = try columns.int4()
            return KnownIssuer(
                key: key,
                name: try columns.text(),
                issuer: try columns.text(),
                delivery: try columns.json(),
                version: try columns.int8(),
                egress: try columns.json(),
                keys: keys[key] ?? []
            )
        }
    }
}

extension ColumnReader {
    fileprivate mutating func knownClient() throws -> KnownClient {
        KnownClient(
            key: try int4(),
            issuerKey: try int4(),
            clientID: try text(),
            backchannelLogoutURI: try optionalText(),
            sessionRequired: try bool(),
            alg: try text(),
            delivery: try json(),
            version: try int8(),
            isWebhook: try bool(),
            sealedSecret: try optionalBytes(),
            metadata: try json(),
            sharedSignals: try optionalJSON()
        )
    }
}
