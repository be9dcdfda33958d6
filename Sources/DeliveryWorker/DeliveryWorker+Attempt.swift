package import DeliveryPolicy
import HardwareKeys
import Logging
package import LogoutModel
import LogoutTokens
import Outbox
package import RelyingPartyClient

extension DeliveryWorker {
    /// Tokens are signed, or could not be; called on a signing thread.
    func signed(_ results: [SigningResult]) {
        let now = ContinuousClock.now
        var posts = PostBatch(startedAt: now, time: clock.now(at: now))
        for result in results { signed(result.shipment, result.signed, at: now, into: &posts) }
        send(posts)
    }

    private func signed(
        _ shipment: Shipment,
        _ result: Result<SignedShipment, any Error>,
        at now: ContinuousClock.Instant,
        into posts: inout PostBatch
    ) {
        let signature: SignatureEnding =
            switch result {
            case .success: .made
            case .failure(let error): error is CancellationError ? .cancelled : .failed
            }
        let isRefused = isDraining || breakers.refuses(shipment.claimed)
        switch shipment.departure(at: now, signature: signature, isRefused: isRefused) {
        case .goOn: break
        case .giveBack:
            Task { await self.giveBack([shipment.claimed], shipment.startedAt) }
            return
        case .end(let reason):
            settle(shipment, Settlement(endingWith: reason), report: nil, .other)
            return
        }
        switch result {
        case .success(let signed): add(signed, to: &posts)
        case .failure(let problem as ClientKeyProblem): unencrypted(shipment, problem, startedAt: now)
        case .failure(let error):
            logger.error("no token could be signed", metadata: about(shipment, ["error": "\(error)"]))
            // A signer that was not asked is as a socket that was not to be had.
            let wasAsked = error as? ExternalSignerError != .busy && error as? HardwareKeyError != .busy
            let report = AttemptReport(
                outcome: wasAsked ? .signingFailed : .localError,
                startedAt: now,
                finishedAt: now
            )
            conclude(shipment, report, retryAfter: nil, flags: [])
        }
    }

    /// Ends a shipment whose host or port is forbidden; nothing is signed for it.
    func block(_ shipment: Shipment, because reason: String) {
        logger.notice("not called", metadata: about(shipment, ["reason": "\(reason)"]))
        let now = ContinuousClock.now
        let report = AttemptReport(outcome: .blockedAddress, startedAt: now, finishedAt: now)
        conclude(shipment, report, retryAfter: nil, flags: [])
    }

    private func add(_ signed: SignedShipment, to posts: inout PostBatch) {
        let shipment = signed.shipment
        let rule: AddressRule
        switch shipment.recipient.egress {
        case .open(let open): rule = open
        case .closed(let reason):
            block(shipment, because: reason)
            return
        }
        let identity: TLSIdentity?
        do throws(TLSIdentityError) {
            identity = try self.identity(of: shipment.recipient)
        } catch {
            unconnected(signed, error, at: posts.startedAt)
            return
        }
        if let time = posts.time { metrics.posts(shipment.claimed, at: time) }
        posts.shipments.append(signed)
        posts.requests.append(
            LogoutRequest(
                lane: Int64(shipment.claimed.clientKey),
                url: signed.uri,
                body: signed.body,
                webhook: signed.webhook,
                push: signed.push,
                traceParent: shipment.trace?.posts(at: posts.startedAt),
                timeout: shipment.timeout(at: posts.startedAt),
                rule: rule,
                allowHTTP: settings.addressRule.allowLoopback,
                identity: identity
            )
        )
    }

    private func send(_ posts: PostBatch) {
        guard !posts.requests.isEmpty else { return }
        client.post(batch: posts.requests) { [self] place, answer in
            answered(posts.shipments[place], startedAt: posts.startedAt, answer)
        }
    }

    /// What the connection was to be made with is not there: an affair of this machine's.
    private func unconnected(
        _ signed: SignedShipment,
        _ error: TLSIdentityError,
        at now: ContinuousClock.Instant
    ) {
        logger.error(
            "a client's certificate or authority cannot be used",
            metadata: about(signed.shipment, ["error": "\(error.text)"])
        )
        var report = AttemptReport(outcome: .localError, startedAt: now, finishedAt: now)
        report.error = "tls_configuration"
        report.errorDescription = error.text
        conclude(signed.shipment, report, retryAfter: nil, flags: [])
    }

    /// An RP answered, or did not; called on the posting thread.
    private func answered(_ signed: SignedShipment, startedAt: ContinuousClock.Instant, _ answer: Answer) {
        let shipment = signed.shipment
        if answer.failure == .cancelled, !answer.requestSent {
            Task { await self.giveBack([shipment.claimed], shipment.startedAt) }
            return
        }
        let meaning = answer.meaning(to: shipment.recipient)
        var report = AttemptReport(outcome: meaning.outcome, startedAt: startedAt, finishedAt: .now)
        report.httpStatus = answer.status
        report.error = answer.error
        report.errorDescription = answer.explanation
        if answer.status == 400, let source = shipment.recipient.security.source {
            publishedKeys.doubt(source)
        }
        report.remoteAddress = answer.remoteAddress
        report.jti = signed.tokenID
        report.kid = signed.kid
        let seconds = clock.now()?.seconds ?? 0
        let retryAfter = answer.retryAfter.flatMap { RetryAfter.parse($0, secondsSince1970: seconds) }
        conclude(shipment, report, retryAfter: retryAfter, flags: meaning.flags)
    }

    func conclude(
        _ shipment: Shipment,
        _ report: AttemptReport,
        retryAfter: Duration?,
        flags: DeliveryFlags
    ) {
        let claimed = shipment.claimed
        let settlement = shipment.settlement(
            of: report.outcome,
            flags: flags,
            retryAfter: retryAfter,
            at: .now,
            // The kernel is asked for a number only where one is wanted.
            draw: { Double.random(in: 0..<1) }
        )
        metrics.attempted(report, at: shipment.recipient)
        shipment.trace?.ended(shipment, report, settlement)
        // Before its place in the lane is free again, so that nothing more is claimed until the breaker is written.
        if let change = breakers.record(report.outcome, of: claimed) {
            // First: what resumes the lane may follow at once, and nothing else would.
            pause(change.lane)
            breakers.carryOut(change)
        }
        settle(shipment, settlement, report: report, report.outcome.laneEnding)
    }
}

/// Requests that are handed over at once, and the shipments that they are for, in the same order.
private struct PostBatch {
    let startedAt: ContinuousClock.Instant
    /// The same on the database clock; `nil` while that is not known.
    let time: Timestamp?
    var shipments: [SignedShipment] = []
    var requests: [LogoutRequest] = []
}

extension Answer {
    /// What the RP says of its refusal; where TLS failed, libcurl's sentence about it.
    var explanation: String? { failure == .tlsFailure ? detail : errorDescription }

    /// What the answer, or its absence, means for an attempt at this client.
    func meaning(to recipient: Recipient) -> AnswerRule.Meaning {
        guard recipient.signals != nil, let status else { return ending.meaning }
        return PushAnswerRule.classify(status: status, err: error)
    }
}

extension Answer.Ending {
    /// What it means for the attempt.
    package var meaning: AnswerRule.Meaning {
        switch self {
        case .status(let status): AnswerRule.classify(status: status)
        case .failure(let failure): AnswerRule.Meaning(outcome: failure.outcome)
        }
    }
}

extension TransportFailure {
    fileprivate var outcome: AttemptOutcome {
        switch self {
        case .timeout: .timeout
        case .unreachable, .egressProxy: .unreachable
        case .dnsFailure: .dnsFailure
        case .tlsFailure: .tlsFailure
        case .blockedAddress, .forbiddenURL: .blockedAddress
        case .protocolError: .protocolError
        case .localError: .localError
        case .cancelled: .unknown
        }
    }
}

extension AttemptOutcome {
    /// How it counts for the pace of its lane.
    package var laneEnding: LaneEnding {
        switch self {
        case .timeout: .timedOut
        case .unreachable, .dnsFailure, .tlsFailure, .signingFailed, .localError, .blockedAddress, .unknown:
            .other
        default: .answered
        }
    }
}

extension Recipient {
    /// What holds where neither client nor issuer says.
    static let standard = DeliverySettings.standard
}

extension Duration {
    /// In seconds, as a floating-point number.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    var magnitude: Duration { self < .zero ? .zero - self : self }
}
