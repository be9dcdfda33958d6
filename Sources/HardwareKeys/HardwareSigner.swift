import Dispatch
public import LogoutTokens
import Synchronization
import Threads

/// Signs with keys that an HSM holds, on a thread of its own: an HSM that takes its time holds up nobody else.
///
/// One call at a time, for that is what modules and OpenSSL's engine are known to bear.
public final class HardwareSigner: Sendable {
    /// Told the signature, not yet checked, once, on the signer's thread: it must be quick.
    public typealias Completion = @Sendable (Result<[UInt8], HardwareKeyError>) -> Void

    /// How many may wait for the HSM.
    public static let maximumWaiting = 256

    private struct Wish: Sendable {
        let message: [UInt8]
        let uri: String
        let algorithm: SignatureAlgorithm
        let deadline: ContinuousClock.Instant
        let completion: Completion
    }

    private struct State {
        var waiting: [Wish] = []
        var isStopped = false
        var thread: DedicatedThread.Joinable?
    }

    private let module: String
    private let pin: String?
    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    /// A signer that loads a module at its first signature.
    ///
    /// - Parameters:
    ///   - module: the path of the PKCS#11 library.
    ///   - pin: the user's PIN of its tokens, if they ask for one.
    public init(module: String, pin: String?) {
        self.module = module
        self.pin = pin
    }

    /// Starts the thread.
    public func start() throws {
        let thread = try DedicatedThread.startJoinable(named: "lc-hsm") { [self] in work() }
        state.withLock { $0.thread = thread }
    }

    /// Asks for a signature; returns at once.
    ///
    /// - Parameters:
    ///   - message: the signing input, RFC 7515 §5.1.
    ///   - reference: the key's PKCS#11 URI.
    ///   - algorithm: what to sign with.
    ///   - limit: how long it may wait for its turn.
    ///   - completion: see ``Completion``.
    public func sign(
        _ message: [UInt8],
        with reference: String,
        _ algorithm: SignatureAlgorithm,
        within limit: Duration,
        completion: @escaping Completion
    ) {
        guard let uri = PKCS11URI(reference) else { return completion(.failure(.malformedURI)) }
        let wish = Wish(
            message: message,
            uri: uri.text,
            algorithm: algorithm,
            deadline: .now + limit,
            completion: completion
        )
        let refusal: HardwareKeyError? = state.withLock { state in
            if state.isStopped { return .stopped }
            if state.waiting.count >= Self.maximumWaiting { return .busy }
            state.waiting.append(wish)
            return nil
        }
        if let refusal { completion(.failure(refusal)) } else { available.signal() }
    }

    /// Ends the thread, and waits for the signature that is under way; what waits is given up.
    public func stop() {
        let (left, thread) = state.withLock { state in
            defer {
                state.waiting = []
                state.thread = nil
            }
            state.isStopped = true
            return (state.waiting, state.thread)
        }
        for wish in left { wish.completion(.failure(.stopped)) }
        available.signal()
        thread?.join()
    }

    private func work() {
        let module = HardwareModule(path: module, pin: pin)
        while true {
            available.wait()
            let (wish, isStopped) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
            }
            guard let wish else {
                if isStopped { return }
                continue
            }
            guard ContinuousClock.now < wish.deadline else {
                wish.completion(.failure(.timeout))
                continue
            }
            wish.completion(
                Result { () throws(HardwareKeyError) in
                    try module.signature(of: wish.message, with: wish.uri, wish.algorithm)
                }
            )
        }
    }
}
