import Threads

/// Sends logout tokens to RPs: many bounded POSTs to vetted addresses, on one thread of its own.
///
/// A request never follows a redirect and never uses cookies, credentials, or a proxy that the operator did not name. Each address is judged by the
/// request's rule when its socket is opened, and again before a kept connection is used. What an RP does, or does not
/// do, costs other requests nothing: every one has its own deadline, and names are looked up elsewhere.
///
/// Every request that is posted gets exactly one completion, whatever happens.
///
/// `run()` has to run for requests to go out; those that are posted before it wait for it.
public final class RelyingPartyClient: Sendable {
    private let mailbox: Mailbox
    private let settings: TransferSettings

    /// Checks the configuration and readies libcurl; nothing is started.
    ///
    /// - Parameter configuration: how to connect, and the limits.
    /// - Throws: ``RelyingPartyClientError``.
    public init(_ configuration: ClientConfiguration) throws(RelyingPartyClientError) {
        try configuration.check()
        if configuration.egressProxy?.isSecure == true { try Multi.checkSecureProxies() }
        settings = try TransferSettings(configuration)
        mailbox = Mailbox(multi: try Multi(maximumConnections: configuration.maximumConnections))
    }

    deinit {
        // Never run, or run to its end: `run()` keeps the client alive while there is a thread.
        giveUp(.cancelled)
    }

    /// Works until ``shutdown(grace:)`` or the cancellation of the task, and then until nothing is in flight.
    ///
    /// - Throws: ``RelyingPartyClientError/alreadyRunning`` on a second call,
    ///   ``RelyingPartyClientError/threadNotStarted(_:)`` where the system has no thread to spare.
    public func run() async throws(RelyingPartyClientError) {
        guard mailbox.begin() else { throw .alreadyRunning }
        do throws(RelyingPartyClientError) {
            let ended = Latch()
            let thread = try start { [mailbox, settings] in
                Engine(mailbox: mailbox, settings: settings).run()
                ended.open()
            }
            await withTaskCancellationHandler {
                await ended.wait()
            } onCancel: {
                shutdown()
            }
            // It is at its end by now. The process may exit next, which must not meet a thread inside OpenSSL.
            thread.join()
        } catch {
            giveUp(.localError(.noThread))
            throw error
        }
    }

    private func start(
        _ body: @escaping @Sendable () -> Void
    ) throws(RelyingPartyClientError) -> DedicatedThread.Joinable {
        do {
            return try DedicatedThread.startJoinable(named: "lc-post", stackBytes: Self.stackBytes, body)
        } catch {
            throw .threadNotStarted(error.code)
        }
    }

    /// Takes on no more requests; those in flight may finish, and are then cancelled. Returns at once: `run()` ends
    /// when it is done. A second call can only shorten the time.
    ///
    /// - Parameter grace: how long they may go on; ``ClientConfiguration/shutdownGrace`` unless told.
    public func shutdown(grace: Duration? = nil) {
        let grace = grace ?? settings.configuration.shutdownGrace
        mailbox.drain(until: monotonicNanoseconds() + grace.boundedNanoseconds)
    }

    /// Sends one request. May be called on any thread, and returns at once.
    ///
    /// - Parameters:
    ///   - request: what to send, where to, and how long it may take.
    ///   - completion: told the answer, once, on the client's thread (after a shutdown on this one): it must be
    ///     quick, and must not block.
    public func post(_ request: LogoutRequest, completion: @escaping @Sendable (Answer) -> Void) {
        post([Accepted(request, at: monotonicNanoseconds(), completion: completion)])
    }

    /// Sends many requests, handed over at once.
    ///
    /// - Parameters:
    ///   - batch: what to send.
    ///   - completion: told the place of a request in the batch and its answer, once for each; see
    ///     ``post(_:completion:)``.
    public func post(
        batch: [LogoutRequest],
        completion: @escaping @Sendable (_ place: Int, _ answer: Answer) -> Void
    ) {
        let now = monotonicNanoseconds()
        post(
            batch.enumerated().map { place, request in
                Accepted(request, at: now) { answer in completion(place, answer) }
            }
        )
    }

    /// Sends one request and waits for its answer. Cancelling the task does not end the attempt: what becomes of
    /// a token that may have been sent has to be known.
    ///
    /// - Parameter request: what to send, where to, and how long it may take.
    /// - Returns: the answer.
    public func post(_ request: LogoutRequest) async -> Answer {
        await withCheckedContinuation { continuation in
            post(request) { answer in continuation.resume(returning: answer) }
        }
    }

    func post(_ requests: [Accepted]) {
        guard !mailbox.post(requests) else { return }
        complete(requests, .cancelled)
    }

    /// Takes on nothing more, and fails what was taken on.
    private func giveUp(_ failure: TransportFailure) {
        complete(mailbox.end(), failure)
    }

    private func complete(_ requests: [Accepted], _ failure: TransportFailure) {
        for accepted in requests {
            accepted.completion(Answer(failure, acceptedAt: accepted.acceptedAt))
        }
    }

    /// A handshake and the parsing of a store of authorities need more than the smallest stack.
    private static let stackBytes = 2 * 1_024 * 1_024
}
