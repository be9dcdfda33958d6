import Logging
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient

extension DeliveryWorker {
    /// The shipments that can be signed now; the others follow by themselves once their client's key is there.
    func withKeys(_ shipments: [Shipment], _ signing: SigningThreads) -> [Shipment] {
        guard shipments.contains(where: { $0.recipient.security.source != nil }) else { return shipments }
        var ready: [Shipment] = []
        for var shipment in shipments {
            guard let source = shipment.recipient.security.source else {
                ready.append(shipment)
                continue
            }
            shipment.encryption = publishedKeys.fresh(source)
            guard shipment.encryption == nil else {
                ready.append(shipment)
                continue
            }
            Task { [shipment] in await self.fetchKey(of: shipment, from: source, signing) }
        }
        return ready
    }

    private func fetchKey(of shipment: Shipment, from source: KeySetSource, _ signing: SigningThreads)
        async
    {
        let startedAt = ContinuousClock.now
        var shipment = shipment
        switch await publishedKeys.encryption(from: source, for: shipment.recipient) {
        case .success(let encryption):
            shipment.encryption = encryption
            guard !isDraining, signing.add([shipment]) else {
                await giveBack([shipment.claimed], shipment.startedAt)
                return
            }
        case .failure(.cancelled): await giveBack([shipment.claimed], shipment.startedAt)
        case .failure(let problem): unencrypted(shipment, problem, startedAt: startedAt)
        }
    }

    /// A token cannot be encrypted, and is not sent.
    func unencrypted(_ shipment: Shipment, _ problem: ClientKeyProblem, startedAt: ContinuousClock.Instant) {
        logger.warning("no token could be encrypted", metadata: about(shipment, ["error": "\(problem.text)"]))
        var report = AttemptReport(outcome: .signingFailed, startedAt: startedAt, finishedAt: .now)
        report.error = problem.code
        report.errorDescription = problem.text
        conclude(shipment, report, retryAfter: nil, flags: [])
    }

    /// What a client's connections are made with.
    func identity(of recipient: Recipient) throws(TLSIdentityError) -> TLSIdentity? {
        let security = recipient.security
        guard security.certificate != nil || security.authority != nil else { return nil }
        return try settings.tlsFolders.identity(
            certificate: security.certificate,
            authority: security.authority
        )
    }

    /// A probe's token as its client gets it: the encryption, where there is one.
    func encryption(for recipient: Recipient) async throws -> TokenEncryption? {
        switch recipient.security.encryption {
        case .none: return nil
        case .registered(let encryption): return encryption
        case .impossible(let problem): throw problem
        case .published(let source):
            switch await publishedKeys.encryption(from: source, for: recipient) {
            case .success(let encryption): return encryption
            case .failure(.cancelled): throw CancellationError()
            case .failure(let problem): throw problem
            }
        }
    }
}

extension Shipment {
    /// The signed token as it is sent: encrypted where the client asks for it, and never in the clear then.
    func sealed(_ token: [UInt8]) throws -> [UInt8] {
        switch recipient.security.encryption {
        case .none: return token
        case .registered(let encryption): return try encryption.encrypt(token)
        case .impossible(let problem): throw problem
        case .published:
            guard let encryption else { throw ClientKeyProblem.unreadable }
            return try encryption.encrypt(token)
        }
    }
}
