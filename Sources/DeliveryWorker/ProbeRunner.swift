import DeliveryPolicy
import FoundationEssentials
import Logging
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Synchronization

/// Sends the harmless logouts that operators ask for: through the same client and under the same address rule as
/// deliveries, and yet no deliveries: they hold no slot, count for no breaker and are never retried.
final class ProbeRunner: Sendable {
    /// Probes of this process at once; an operator asks for one at a time.
    static let maximumInFlight = 16

    private let worker: DeliveryWorker
    private let key: Int32
    private let signing: SigningThreads
    private let inFlight = Mutex(0)

    /// A runner for a worker that is registered under this key.
    init(worker: DeliveryWorker, key: Int32, signing: SigningThreads) {
        self.worker = worker
        self.key = key
        self.signing = signing
    }

    /// Takes probes until the worker drains, and then lets those in flight end.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !worker.isDraining {
                let taken = await take(Self.maximumInFlight - inFlight.withLock { $0 })
                inFlight.withLock { $0 += taken.count }
                for probe in taken {
                    group.addTask { [self] in
                        await run(probe)
                        inFlight.withLock { $0 -= 1 }
                    }
                }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...250)))
            }
        }
    }

    private func take(_ limit: Int) async -> [TakenProbe] {
        guard limit > 0, worker.clocksAgree else { return [] }
        do {
            return try await worker.store.takeProbes(
                limit: limit,
                worker: key,
                usualTimeout: Recipient.standard.attemptTimeoutSeconds
            )
        } catch {
            worker.logger.debug("probes cannot be taken", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func run(_ taken: TakenProbe) async {
        let start = ContinuousClock.now
        let result: ProbeResult
        do {
            result = try await answer(to: taken)
        } catch is CancellationError {
            // The process stops, and nothing was sent.
            result = ProbeResult(outcome: .localError)
        } catch let problem as ClientKeyProblem {
            result = ProbeResult(
                outcome: .signingFailed,
                latencyMilliseconds: (.now - start).wholeMilliseconds,
                error: problem.code,
                errorDescription: problem.text
            )
        } catch let error as TLSIdentityError {
            result = ProbeResult(
                outcome: .localError,
                latencyMilliseconds: (.now - start).wholeMilliseconds,
                error: "tls_configuration",
                errorDescription: error.text
            )
        } catch {
            worker.logger.warning("a probe could not be signed", metadata: ["error": "\(error)"])
            result = ProbeResult(
                outcome: .signingFailed,
                latencyMilliseconds: (.now - start).wholeMilliseconds
            )
        }
        // In a task of its own: what was sent is written down, though the process stops.
        await Task { await record(result, of: taken) }.value
    }

    private func record(_ result: ProbeResult, of taken: TakenProbe) async {
        do {
            try await worker.store.finishProbe(taken.id, worker: key, result)
        } catch {
            // Its caller is told that the outcome is unknown.
            worker.logger.warning("a probe's outcome cannot be recorded", metadata: ["error": "\(error)"])
        }
    }

    /// A token for a session that nobody knows.
    private func token(
        for recipient: Recipient,
        at now: Timestamp,
        _ encryption: TokenEncryption?
    ) async throws -> [UInt8] {
        let key = try recipient.key.get()
        guard let signals = recipient.signals else {
            let claims = try LogoutTokenClaims(
                iss: recipient.issuer,
                aud: recipient.client.clientID,
                iat: now.seconds,
                exp: now.seconds + Int64(recipient.settings.tokenLifetimeSeconds),
                jti: UUID().lowercased,
                sub: nil,
                sid: UUID().lowercased
            )
            return try await signing.token(claims, with: key, encryption: encryption)
        }
        let claims = try SecurityEventClaims(
            iss: recipient.issuer,
            aud: signals.aud,
            iat: now.seconds,
            jti: UUID().lowercased,
            txn: UUID().lowercased,
            sub: nil,
            sid: UUID().lowercased,
            initiator: nil
        )
        return try await signing.token(claims, with: key, encryption: nil)
    }

    /// Signs a token for a session that nobody knows, and posts it.
    private func answer(to taken: TakenProbe) async throws -> ProbeResult {
        guard let recipient = try await worker.recipient(of: taken), let now = worker.clock.now(),
            let uri = recipient.client.backchannelLogoutURI
        else { throw SigningKeyProblem.noActiveKey }
        guard case .open(let rule) = recipient.egress else { return ProbeResult(outcome: .blockedAddress) }
        let push = try recipient.signals?.headers.get()
        let encryption = try await worker.encryption(for: recipient)
        let identity = try worker.identity(of: recipient)
        let token = try await token(for: recipient, at: now, encryption)
        let start = ContinuousClock.now
        let answer = await worker.client.post(
            LogoutRequest(
                lane: Int64(taken.clientKey),
                url: uri,
                body: recipient.body(of: token),
                push: push,
                timeout: .seconds(recipient.settings.attemptTimeoutSeconds),
                rule: rule,
                allowHTTP: worker.settings.addressRule.allowLoopback,
                identity: identity
            )
        )
        return ProbeResult(
            outcome: answer.meaning(to: recipient).outcome,
            httpStatus: answer.status,
            latencyMilliseconds: (.now - start).wholeMilliseconds,
            error: answer.error,
            errorDescription: answer.explanation
        )
    }
}

extension DeliveryWorker {
    /// The client of a probe as of at least the versions that it was taken with.
    fileprivate func recipient(of probe: TakenProbe) async throws -> Recipient? {
        func known() -> Recipient? {
            directory.recipient(
                probe.clientKey,
                clientVersion: probe.clientVersion,
                issuerVersion: probe.issuerVersion
            )
        }
        if let known = known() { return known }
        try await directory.refresh([probe.clientKey])
        return known()
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int { Int(seconds * 1_000) }
}
