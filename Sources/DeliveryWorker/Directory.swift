package import DeliveryPolicy
import LogoutModel
import LogoutTokens
package import Outbox
import StrictJSON
import Synchronization

/// A client as deliveries need it: policy resolved, keys opened.
///
/// A class, because every delivery carries its recipient through all stages: one reference is counted at each step, where
/// a value would have its two dozen texts and arrays counted one by one.
package final class Recipient: Sendable {
    let client: KnownClient
    let issuer: String
    let settings: DeliverySettings
    /// The key for its `alg`, or why there is none.
    let key: Result<TokenKey, SigningKeyProblem>
    let issuerVersion: Int64
    /// Of a completion webhook: what it is signed with.
    let secret: Result<WebhookSecret, SigningKeyProblem>
    /// Whether its URI may be called, and at which addresses.
    let egress: RecipientEgress
    /// How its tokens are encrypted, and how its server is connected to.
    let security: RecipientSecurity
    /// What makes it a receiver of Shared Signals; `nil` where it takes logout tokens.
    let signals: RecipientSignals?

    init(
        client: KnownClient,
        issuer: String,
        settings: DeliverySettings,
        key: Result<TokenKey, SigningKeyProblem>,
        issuerVersion: Int64,
        secret: Result<WebhookSecret, SigningKeyProblem>,
        egress: RecipientEgress,
        security: RecipientSecurity,
        signals: RecipientSignals? = nil
    ) {
        self.client = client
        self.issuer = issuer
        self.settings = settings
        self.key = key
        self.issuerVersion = issuerVersion
        self.secret = secret
        self.egress = egress
        self.security = security
        self.signals = signals
    }

    /// A client with what holds for it, and with no rules of its issuer's: it may not be called.
    package convenience init(
        client: KnownClient,
        issuer: String,
        settings: DeliverySettings,
        key: Result<TokenKey, SigningKeyProblem>,
        issuerVersion: Int64
    ) {
        self.init(
            client: client,
            issuer: issuer,
            settings: settings,
            key: key,
            issuerVersion: issuerVersion,
            secret: .failure(.noActiveKey),
            egress: .closed("its issuer's rules are not known"),
            security: RecipientSecurity()
        )
    }
}

/// Why nothing can be signed for a client.
package enum SigningKeyProblem: Error, Sendable, Hashable {
    /// Its issuer has no active key of its `alg`.
    case noActiveKey
    /// The stored key cannot be opened with the configured key-encryption keys, or read.
    case cannotBeOpened
}

/// An issuer with its keys and its rules read.
private struct OpenedIssuer {
    let known: KnownIssuer
    let keys: [String: Result<TokenKey, SigningKeyProblem>]
    let egress: EgressPolicy?
}

extension [Int32: Recipient] {
    fileprivate func recipient(_ key: Int32, _ clientVersion: Int64, _ issuerVersion: Int64) -> Recipient? {
        guard let known = self[key], known.client.version >= clientVersion,
            known.issuerVersion >= issuerVersion
        else { return nil }
        return known
    }
}

/// What this process knows of clients. Every claim says which version a client and its issuer have now, so nothing
/// older is ever used.
final class Directory: Sendable {
    private let store: OutboxStore
    private let ring: KeyRing
    private let addressRule: AddressRule
    private let installation: EgressRule
    private let recipients = Mutex<[Int32: Recipient]>([:])

    init(store: OutboxStore, settings: WorkerSettings) {
        self.store = store
        ring = KeyRing(settings.keyEncryptionKey, previous: settings.previousKeyEncryptionKeys)
        addressRule = settings.addressRule
        installation = settings.egress
    }

    /// The client as of at least these versions; `nil` where it must be read first.
    func recipient(_ key: Int32, clientVersion: Int64, issuerVersion: Int64) -> Recipient? {
        recipients.withLock { $0.recipient(key, clientVersion, issuerVersion) }
    }

    /// The clients of claimed deliveries, each as of at least the versions that its claim named.
    func recipients(of deliveries: [ClaimedDelivery]) -> [Recipient?] {
        recipients.withLock { recipients in
            deliveries.map { recipients.recipient($0.clientKey, $0.clientVersion, $0.issuerVersion) }
        }
    }

    /// Reads clients, their issuers and keys.
    func refresh(_ clients: [Int32]) async throws {
        let found = try await store.configurations(ofClients: clients)
        var issuers: [Int32: OpenedIssuer] = [:]
        for issuer in found.issuers {
            issuers[issuer.key] = OpenedIssuer(known: issuer, keys: open(issuer), egress: egress(of: issuer))
        }
        var fresh: [Int32: Recipient] = [:]
        for client in found.clients {
            guard let opened = issuers[client.issuerKey] else { continue }
            let issuer = opened.known
            let base =
                (try? DeliveryOverrides(stored: issuer.delivery))?.resolved(over: .standard) ?? .standard
            let settings = (try? DeliveryOverrides(stored: client.delivery))?.resolved(over: base) ?? base
            fresh[client.key] = Recipient(
                client: client,
                issuer: issuer.issuer,
                settings: settings,
                key: opened.keys[client.alg] ?? .failure(.noActiveKey),
                issuerVersion: issuer.version,
                secret: client.isWebhook ? secret(of: client, issuer) : .failure(.noActiveKey),
                egress: RecipientEgress(of: client.backchannelLogoutURI, under: opened.egress),
                security: client.isWebhook
                    ? RecipientSecurity()
                    : RecipientSecurity(client, issuer: issuer.issuer, under: opened.egress),
                signals: RecipientSignals(client, issuer: issuer, with: ring)
            )
        }
        recipients.withLock { [fresh] recipients in
            recipients.merge(fresh) { old, new in
                old.client.version > new.client.version || old.issuerVersion > new.issuerVersion ? old : new
            }
        }
    }

    /// `nil` where the stored rule cannot be read: then nothing may be called.
    private func egress(of issuer: KnownIssuer) -> EgressPolicy? {
        (try? EgressRule(stored: issuer.egress)).map { rule in
            EgressPolicy(addressRule: addressRule, installation: installation, issuer: rule)
        }
    }

    private func secret(
        of webhook: KnownClient,
        _ issuer: KnownIssuer
    ) -> Result<WebhookSecret, SigningKeyProblem> {
        guard let sealed = webhook.sealedSecret else { return .failure(.noActiveKey) }
        return Result {
            try WebhookSecret(opening: sealed, issuerID: Array(issuer.name.utf8), with: ring)
        }.mapError { _ in .cannotBeOpened }
    }

    private func open(_ issuer: KnownIssuer) -> [String: Result<TokenKey, SigningKeyProblem>] {
        var keys: [String: Result<TokenKey, SigningKeyProblem>] = [:]
        for stored in issuer.keys {
            keys[stored.alg] = Result { try open(stored, ofIssuerNamed: issuer.name) }
                .mapError { $0 as? SigningKeyProblem ?? .cannotBeOpened }
        }
        return keys
    }

    private func open(_ stored: SealedSigningKey, ofIssuerNamed name: String) throws -> TokenKey {
        guard let alg = SignatureAlgorithm(rawValue: stored.alg) else { throw SigningKeyProblem.noActiveKey }
        if let sealed = stored.sealed {
            return .own(
                try SealedKey(bytes: sealed).open(
                    issuerID: Array(name.utf8),
                    kid: stored.kid,
                    algorithm: alg,
                    with: ring
                )
            )
        }
        guard let reference = stored.keyReference,
            case .object(let object) = try JSON.parse(Array(stored.publicJWK.utf8), maximumBytes: 65_536)
        else { throw SigningKeyProblem.cannotBeOpened }
        let jwk = try PublicJWK(JWKMembers(object, for: .verify))
        return .external(
            try ExternalKey(jwk, reference: reference),
            heldBy: stored.heldBy,
            issuer: name
        )
    }
}
