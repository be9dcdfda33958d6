import DeliveryPolicy
import LogoutTokens
import RelyingPartyClient
import StrictJSON
import Synchronization

/// The keys that clients publish at their `jwks_uri`, fetched as tokens are posted: same address rule, same deadlines.
///
/// Nothing waits here but those who need such a key: they wait in tasks, not on threads.
final class PublishedKeys: Sendable {
    /// Sets that are fetched at once in one process.
    static let fetchLimit = 32
    /// No fetch takes longer, however long the client's attempts may: the lease of a delivery that waits goes on.
    static let longestFetch = Duration.seconds(4)

    private typealias Waiter = CheckedContinuation<Result<TokenEncryption, ClientKeyProblem>, Never>

    private let client: RelyingPartyClient
    private let allowHTTP: Bool
    private let folders: TLSFolders
    private let table: Mutex<PublishedKeyTable<Waiter>>
    /// What is fetched, with what, until its turn comes.
    private let requests = Mutex<[KeySetSource: KeySetRequest]>([:])

    init(client: RelyingPartyClient, settings: WorkerSettings) {
        self.client = client
        allowHTTP = settings.addressRule.allowLoopback
        folders = settings.tlsFolders
        table = Mutex(
            PublishedKeyTable(fetchLimit: Self.fetchLimit, staleFor: settings.clientKeysStale)
        )
    }

    /// The key where it is known; `nil` where it has to be fetched.
    func fresh(_ source: KeySetSource) -> TokenEncryption? {
        table.withLock { $0.fresh(source, at: .now) }
    }

    /// The key of a recipient, fetched where it has to be.
    func encryption(from source: KeySetSource, for recipient: Recipient) async -> Result<
        TokenEncryption, ClientKeyProblem
    > {
        guard case .open(let rule) = recipient.security.keySetEgress else {
            return .failure(.unavailable("the URI may not be called"))
        }
        let request: KeySetRequest
        do throws(TLSIdentityError) {
            request = try self.request(source, recipient, under: rule)
        } catch {
            return .failure(.unavailable(error.text))
        }
        return await withCheckedContinuation { waiter in
            let reply = table.withLock { table in
                let reply = table.ask(source, at: .now, waiter: waiter)
                // Under the same lock: whoever ends another fetch may take up this source at once.
                if case .waits = reply { requests.withLock { $0[source] = request } }
                return reply
            }
            switch reply {
            case .known(let encryption): waiter.resume(returning: .success(encryption))
            case .failed(let problem): waiter.resume(returning: .failure(problem))
            case .waits(let fetch): if fetch { start(source) }
            }
        }
    }

    /// The RP has answered 400 to a token for this key.
    func doubt(_ source: KeySetSource) {
        table.withLock { $0.doubt(source, at: .now) }
    }

    private func request(
        _ source: KeySetSource,
        _ recipient: Recipient,
        under rule: AddressRule
    ) throws(TLSIdentityError) -> KeySetRequest {
        let security = recipient.security
        return KeySetRequest(
            // Beyond every client's own lane, so that the two servers of a client do not take turns on one.
            lane: Int64(source.client) + 1 << 32,
            url: source.uri,
            timeout: min(.seconds(recipient.settings.attemptTimeoutSeconds), Self.longestFetch),
            rule: rule,
            allowHTTP: allowHTTP,
            identity: try folders.identity(certificate: security.certificate, authority: security.authority)
        )
    }

    private func start(_ source: KeySetSource) {
        Task { await fetch(source) }
    }

    /// Fetches one source, tells those who wait, and starts those whose turn it is now.
    private func fetch(_ source: KeySetSource) async {
        let request = requests.withLock { $0.removeValue(forKey: source) }
        var found = PublishedKeyTable<Waiter>.Found.failure(.cancelled)
        if let request { found = Self.read(await client.get(request), source) }
        let (told, next) = table.withLock { [found] in $0.fetched(source, found, at: .now) }
        for one in told { one.waiter.resume(returning: one.result) }
        for source in next { start(source) }
    }

    private static func read(_ answer: Answer, _ source: KeySetSource) -> PublishedKeyTable<Waiter>.Found {
        if answer.failure == .cancelled { return .failure(.cancelled) }
        guard let document = answer.document else { return .failure(.unavailable(answer.shortfall)) }
        guard let json = try? JSON.parse(document.body) else {
            return .failure(.unavailable("what came is no JSON that can be read one way only"))
        }
        do throws(EncryptionKeyError) {
            let encryption = try TokenEncryption(
                alg: source.alg,
                enc: source.enc,
                key: EncryptionKeySet(json).key(for: source.alg),
                issuer: source.issuer
            )
            return .key(encryption, life: document.cacheControl.flatMap(CacheLife.init)?.duration)
        } catch {
            // A document of another kind says nothing about keys; a set without one does.
            return .failure(error == .notASet ? .unavailable(error.rule) : .unusable(error))
        }
    }
}

extension Answer {
    /// Why there is no document, for an operator.
    fileprivate var shortfall: String {
        switch ending {
        case .status(200): detail ?? "the body did not come whole"
        case .status(let status): "status \(status)"
        case .failure(.blockedAddress): "the address may not be called"
        case .failure(.forbiddenURL): "the URL may not be called"
        case .failure(.timeout): "no answer in time"
        case .failure(.dnsFailure): "the name cannot be resolved"
        case .failure(let failure): detail ?? "\(failure)"
        }
    }
}

extension TLSIdentityError {
    /// What an operator has to mend; the name of a file at most.
    var text: String {
        switch self {
        case .name(let name): "\(name) is no name of a certificate or authority"
        case .missing(let name): "\(name) is not configured here"
        case .unreadable(let path, _): "\(path) cannot be read"
        case .noCertificate: "there is no certificate in the file"
        case .noPrivateKey: "there is no private key in the file that can be read without a passphrase"
        case .keyDoesNotFit: "the private key is not the certificate's"
        }
    }
}
