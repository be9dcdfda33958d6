import DeliveryPolicy
import Dispatch
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import Synchronization
import Threads

/// Signs on threads of its own, one signer each, so that OpenSSL's contexts are set up once per key and thread.
final class SigningThreads: Sendable {
    private struct State {
        var waiting: [Shipment] = []
        var isStopped = false
        var threads: [DedicatedThread.Joinable] = []
    }

    private static let prefix = Array("logout_token=".utf8)

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let count: Int
    private let clock: DatabaseClock
    private let deliver: @Sendable (Shipment, Result<SignedShipment, any Error>) -> Void

    /// `deliver`: told of each shipment, once, on a signing thread.
    init(
        count: Int,
        clock: DatabaseClock,
        deliver: @escaping @Sendable (Shipment, Result<SignedShipment, any Error>) -> Void
    ) {
        self.count = count
        self.clock = clock
        self.deliver = deliver
    }

    func start() throws {
        for number in 1...count {
            let thread = try DedicatedThread.startJoinable(named: "lc-sign-\(number)") { [self] in work() }
            state.withLock { $0.threads.append(thread) }
        }
    }

    func add(_ shipments: [Shipment]) {
        state.withLock { $0.waiting += shipments }
        for _ in shipments { available.signal() }
    }

    /// Ends the threads, and waits for them: the process may exit next, which must not meet a thread inside OpenSSL.
    /// What waits is handed back.
    func stop() -> [Shipment] {
        let (left, threads) = state.withLock { state in
            defer {
                state.waiting = []
                state.threads = []
            }
            state.isStopped = true
            return (state.waiting, state.threads)
        }
        for _ in 0..<count { available.signal() }
        for thread in threads { thread.join() }
        return left
    }

    private func work() {
        let signer = TokenSigner()
        while true {
            available.wait()
            let (shipment, isStopped) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
            }
            guard let shipment else {
                if isStopped { return }
                continue
            }
            deliver(shipment, Result { try sign(shipment, with: signer) })
        }
    }

    /// The body of OIDC Back-Channel Logout 1.0 section 2.5 with a token that is made for this attempt alone.
    private func sign(_ shipment: Shipment, with signer: TokenSigner) throws -> SignedShipment {
        let key = try shipment.recipient.key.get()
        guard let now = clock.now(), let uri = shipment.recipient.client.backchannelLogoutURI else {
            throw SigningKeyProblem.noActiveKey
        }
        let tokenID = UUID()
        let claims = try LogoutTokenClaims(
            iss: shipment.recipient.issuer,
            aud: shipment.recipient.client.clientID,
            iat: now.seconds,
            exp: now.seconds + Int64(shipment.recipient.settings.tokenLifetimeSeconds),
            jti: tokenID.lowercased,
            sub: shipment.claimed.sub,
            sid: shipment.claimed.sid
        )
        let token = try signer.sign(claims, with: key)
        return SignedShipment(
            shipment: shipment,
            uri: uri,
            body: Self.prefix + token,
            tokenID: tokenID,
            kid: key.kid
        )
    }
}
