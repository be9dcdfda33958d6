import DeliveryPolicy
import DequeModule
import Dispatch
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import StrictJSON
import Synchronization
import Threads

/// Signs on threads of its own, one signer each, so that OpenSSL's contexts are set up once per key and thread.
final class SigningThreads: Sendable {
    private struct State {
        var waiting: Deque<Shipment> = []
        var tokens: [AskedToken] = []
        var isStopped = false
        var threads: [DedicatedThread.Joinable] = []
    }

    /// A token that belongs to no delivery.
    private struct AskedToken: Sendable {
        let claims: any TokenClaims
        let key: SigningKey
        let encryption: TokenEncryption?
        let answer: CheckedContinuation<[UInt8], any Error>
    }

    /// How many shipments a thread takes at once, and hands on at once: the posting thread is woken once for them.
    private static let batchSize = 16
    /// A thread hands on what it has signed after this long, whatever is left of its batch.
    private static let batchTime = Duration.milliseconds(1)
    /// How long the signature of a token that belongs to no delivery may take.
    private static let probeLimit = Duration.seconds(5)

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let count: Int
    private let clock: DatabaseClock
    private let external: ExternalSigners
    private let deliver: @Sendable ([SigningResult]) -> Void

    /// `deliver`: told of each shipment, once, as a rule on a signing thread.
    init(
        count: Int,
        clock: DatabaseClock,
        external: ExternalSigners,
        deliver: @escaping @Sendable ([SigningResult]) -> Void
    ) {
        self.count = count
        self.clock = clock
        self.external = external
        self.deliver = deliver
    }

    func start() throws {
        for number in 1...count {
            let thread = try DedicatedThread.startJoinable(named: "lc-sign-\(number)") { [self] in work() }
            state.withLock { $0.threads.append(thread) }
        }
    }

    /// False where the threads are stopped, and the shipments are still the caller's.
    @discardableResult
    func add(_ shipments: [Shipment]) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopped else { return false }
            state.waiting += shipments
            return true
        }
        guard isTaken else { return false }
        // A thread goes on until nothing waits, so that more signals than threads would wake nobody.
        for _ in 0..<min(count, shipments.count) { available.signal() }
        return true
    }

    /// Signs a token that belongs to no delivery.
    ///
    /// - Throws: ``SigningError``, `KeyError`, ``ExternalSignerError``; `CancellationError` once the threads are stopped.
    func token(
        _ claims: some TokenClaims,
        with key: TokenKey,
        encryption: TokenEncryption?
    ) async throws -> [UInt8] {
        switch key {
        case .own(let key): return try await token(claims, with: key, encryption: encryption)
        case .external(let key, let holder, let issuer):
            let input = key.signingInput(claims)
            let wish = ExternalSigners.Wish(
                key: key,
                heldBy: holder,
                issuer: issuer,
                input: input,
                limit: Self.probeLimit
            )
            let signature = try await withCheckedThrowingContinuation { answer in
                external.sign(wish) { answer.resume(with: $0) }
            }
            let token = try key.token(input, signature: signature)
            return try encryption?.encrypt(token) ?? token
        }
    }

    private func token(
        _ claims: some TokenClaims,
        with key: SigningKey,
        encryption: TokenEncryption?
    ) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { answer in
            let isTaken = state.withLock { state in
                guard !state.isStopped else { return false }
                state.tokens.append(
                    AskedToken(claims: claims, key: key, encryption: encryption, answer: answer)
                )
                return true
            }
            if isTaken { available.signal() } else { answer.resume(throwing: CancellationError()) }
        }
    }

    /// Ends the threads, and waits for them: the process may exit next, which must not meet a thread inside OpenSSL.
    /// What waits is handed back.
    func stop() -> [Shipment] {
        let (left, tokens, threads) = state.withLock { state in
            defer {
                state.waiting = []
                state.tokens = []
                state.threads = []
            }
            state.isStopped = true
            return (Array(state.waiting), state.tokens, state.threads)
        }
        for token in tokens { token.answer.resume(throwing: CancellationError()) }
        for _ in 0..<count { available.signal() }
        for thread in threads { thread.join() }
        return left
    }

    /// What a thread does next.
    private enum Work {
        case token(AskedToken)
        case shipments([Shipment])
        case wait
        case stop
    }

    private func work() {
        let signer = ThreadSigner()
        while true {
            switch next() {
            case .token(let token): answer(token, with: signer)
            case .shipments(let shipments): sign(shipments, with: signer)
            case .wait: available.wait()
            case .stop: return
            }
        }
    }

    private func next() -> Work {
        state.withLock { state in
            if let token = state.tokens.popLast() { return .token(token) }
            guard !state.waiting.isEmpty else { return state.isStopped ? .stop : .wait }
            // A fair share, so that no thread is idle while another has many to sign.
            let share = (state.waiting.count + count - 1) / count
            let batch = Array(state.waiting.prefix(min(share, Self.batchSize)))
            state.waiting.removeFirst(batch.count)
            return .shipments(batch)
        }
    }

    private func answer(_ token: AskedToken, with signer: ThreadSigner) {
        token.answer.resume(
            with: Result {
                let signed = try signer.tokens.sign(token.claims, with: token.key)
                return try token.encryption?.encrypt(signed) ?? signed
            }
        )
    }

    private func sign(_ shipments: [Shipment], with signer: ThreadSigner) {
        var results: [SigningResult] = []
        results.reserveCapacity(shipments.count)
        var begin = ContinuousClock.now
        for shipment in shipments {
            let result: Result<SignedShipment?, any Error> = Result {
                if let event = shipment.event {
                    try sign(shipment, telling: event)
                } else {
                    try sign(shipment, with: signer)
                }
            }
            switch result {
            case .success(let signed?):
                results.append(SigningResult(shipment: shipment, signed: .success(signed)))
            case .success(nil): break
            case .failure(let error):
                results.append(SigningResult(shipment: shipment, signed: .failure(error)))
            }
            let now = ContinuousClock.now
            guard now - begin >= Self.batchTime else { continue }
            deliver(results)
            results.removeAll(keepingCapacity: true)
            begin = now
        }
        if !results.isEmpty { deliver(results) }
    }

    /// Asks the holder of a key; its answer brings the shipment back to these threads, which check it.
    private func ask(_ shipment: Shipment, _ wish: ExternalSigners.Wish, _ tokenID: UUID) {
        external.sign(wish) { [self] signature in
            var answered = shipment
            answered.answer = ExternalAnswer(
                key: wish.key,
                tokenID: tokenID,
                input: wish.input,
                signature: signature
            )
            let isTaken = state.withLock { [answered] state in
                guard !state.isStopped else { return false }
                state.waiting.append(answered)
                return true
            }
            guard isTaken else {
                deliver([SigningResult(shipment: shipment, signed: .failure(CancellationError()))])
                return
            }
            available.signal()
        }
    }

    /// What is posted of a delivery; `nil` where another has to be asked for the signature.
    private func sign(_ shipment: Shipment, with signer: ThreadSigner) throws -> SignedShipment? {
        let recipient = shipment.recipient
        guard let now = clock.now(), let uri = recipient.client.backchannelLogoutURI else {
            throw SigningKeyProblem.noActiveKey
        }
        var signed = SignedShipment(shipment: shipment, uri: uri, body: [], kid: try recipient.key.get().kid)
        signed.push = try recipient.signals?.headers.get()
        if let answer = shipment.answer {
            let token = try shipment.sealed(answer.key.token(answer.input, signature: answer.signature.get()))
            signed.body = recipient.body(of: token)
            signed.tokenID = answer.tokenID
            return signed
        }
        if let signals = recipient.signals { return try sign(signed, telling: signals, with: signer) }
        return try sign(signed, at: now, with: signer)
    }

    /// A logout token that is made for this attempt alone.
    private func sign(
        _ unsigned: SignedShipment,
        at now: Timestamp,
        with signer: ThreadSigner
    ) throws -> SignedShipment? {
        let shipment = unsigned.shipment
        let tokenID = signer.ids.next()
        let claims = try LogoutTokenClaims(
            iss: shipment.recipient.issuer,
            aud: shipment.recipient.client.clientID,
            iat: now.seconds,
            exp: now.seconds + Int64(shipment.recipient.settings.tokenLifetimeSeconds),
            jti: tokenID.lowercased,
            sub: shipment.claimed.sub,
            sid: shipment.claimed.sid
        )
        return try sign(unsigned, claims, tokenID, with: signer)
    }

    /// A receiver's statement, as it was made at every other attempt.
    private func sign(
        _ unsigned: SignedShipment,
        telling signals: RecipientSignals,
        with signer: ThreadSigner
    ) throws -> SignedShipment? {
        let shipment = unsigned.shipment
        let delivery = shipment.claimed.lease.delivery
        let claims = try SecurityEventClaims(
            iss: shipment.recipient.issuer,
            aud: signals.aud,
            iat: delivery.createdAt.seconds,
            jti: delivery.statementID.lowercased,
            txn: delivery.transactionID(for: shipment.claimed.clientKey).lowercased,
            sub: shipment.claimed.sub,
            sid: shipment.claimed.sid,
            initiator: shipment.initiator
        )
        return try sign(unsigned, claims, delivery.statementID, with: signer)
    }

    private func sign(
        _ unsigned: SignedShipment,
        _ claims: some TokenClaims,
        _ tokenID: UUID,
        with signer: ThreadSigner
    ) throws -> SignedShipment? {
        let shipment = unsigned.shipment
        switch try shipment.recipient.key.get() {
        case .own(let own):
            var signed = unsigned
            signed.tokenID = tokenID
            signed.body = shipment.recipient.body(
                of: try shipment.sealed(signer.tokens.sign(claims, with: own))
            )
            return signed
        case .external(let external, let holder, let issuer):
            let limit = shipment.timeToSign(at: .now)
            // Whoever claims it next has more time.
            guard limit > .zero else { throw CancellationError() }
            let wish = ExternalSigners.Wish(
                key: external,
                heldBy: holder,
                issuer: issuer,
                input: external.signingInput(claims),
                limit: limit
            )
            ask(shipment, wish, tokenID)
            return nil
        }
    }

    /// The body and the headers of a completion webhook, by Standard Webhooks; the time is this attempt's, the id the webhook's.
    private func sign(_ shipment: Shipment, telling event: LogoutEvent) throws -> SignedShipment {
        let secret = try shipment.recipient.secret.get()
        guard let now = clock.now(), let uri = shipment.recipient.client.backchannelLogoutURI else {
            throw SigningKeyProblem.noActiveKey
        }
        let body = completionWebhookBody(of: event, at: event.endedAt ?? now)
        let id = shipment.claimed.lease.delivery.text
        let signature = secret.signature(id: id, timestamp: now.seconds, body: body)
        guard let headers = WebhookHeaders(id: id, timestamp: now.seconds, signature: signature) else {
            throw SigningKeyProblem.cannotBeOpened
        }
        return SignedShipment(shipment: shipment, uri: uri, body: body, webhook: headers)
    }
}

/// What each signing thread keeps for itself.
private final class ThreadSigner {
    let tokens = TokenSigner()
    var ids = TokenIDs()
}

/// What became of a shipment on a signing thread.
struct SigningResult: Sendable {
    let shipment: Shipment
    let signed: Result<SignedShipment, any Error>
}

/// What a completion webhook says: the event without its deliveries, which would have no bound.
func completionWebhookBody(of event: LogoutEvent, at time: Timestamp) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 1_024)
    writer.object { writer in
        writer.member("type", "logout_event.ended")
        writer.member("timestamp", time.text)
        writer.name("data")
        writer.logoutEvent(event, deliveries: nil)
    }
    return writer.bytes
}
