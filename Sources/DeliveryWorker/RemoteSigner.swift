import CoreMetrics
import DeliveryPolicy
import FoundationEssentials
import LogoutTokens
import Metrics
import RelyingPartyClient
import StrictJSON
import Synchronization

/// Where the OP's own signer is, and how it is asked.
public struct RemoteSignerSettings: Sendable {
    /// The address of every call.
    public var url: String
    /// The bearer token, where the signer asks for one.
    public var token: String?
    /// A PEM file of the authorities to trust, instead of the system's.
    public var caFile: String?
    /// How long one call may take.
    public var timeout = Duration.seconds(2)
    /// Calls at once; as many may wait.
    public var maximumInFlight = 64
    /// Whether plain http to a loopback address will do, for development.
    public var allowsInsecureLoopback = false

    /// The defaults, for a signer at an address.
    public init(url: String) {
        self.url = url
    }
}

/// Why a remote signer cannot be used as it is set.
public enum RemoteSignerProblem: Error, Sendable, Hashable {
    /// The address is no https URL that may be called.
    case url
    /// The token could not stand in a header.
    case token
}

/// Asks the OP's own signer for signatures, over a client of its own: however slow it is, no thread waits for it and
/// no request to an RP is behind it.
public final class RemoteSigner: Sendable {
    /// What is asked.
    package struct Question: Sendable {
        let issuer: String
        let kid: String
        let key: String
        let alg: String
        let signingInput: [UInt8]
    }

    package typealias Completion = @Sendable (Result<[UInt8], ExternalSignerError>) -> Void

    fileprivate struct Asked: Sendable {
        let question: Question
        let deadline: ContinuousClock.Instant
        let completion: Completion
    }

    fileprivate struct State {
        var breaker = SignerBreaker()
        var inFlight = 0
        var waiting: [Asked] = []
        var isStopped = false
    }

    /// A signature of 8,192 bits is 1.4 kB of base64url.
    private static let answerLimit = 8_192

    private let settings: RemoteSignerSettings
    private let headers: SignerHeaders
    private let client: RelyingPartyClient
    private let state = Mutex(State())
    private let signed = Counter(
        label: "lastcall_remote_signatures_total",
        dimensions: [("outcome", "signed")]
    )
    private let failed = Counter(
        label: "lastcall_remote_signatures_total",
        dimensions: [("outcome", "failed")]
    )
    private let unasked = Counter(
        label: "lastcall_remote_signatures_total",
        dimensions: [("outcome", "not_asked")]
    )
    /// The operator's explicit word: private and loopback addresses are as good as any, cloud metadata is not.
    private static let rule = AddressRule(allowPrivateNetworks: true, allowLoopback: true)

    /// Checks the settings and readies a client; nothing is started.
    ///
    /// - Parameters:
    ///   - settings: where the signer is.
    ///   - userAgent: how Lastcall calls itself.
    /// - Throws: ``RemoteSignerProblem``, or `RelyingPartyClientError`.
    public init(_ settings: RemoteSignerSettings, userAgent: String) throws {
        guard
            let uri = try? ClientRule(egress: EgressPolicy(addressRule: Self.rule)).accept(uri: settings.url),
            uri.isSecure || settings.allowsInsecureLoopback
        else { throw RemoteSignerProblem.url }
        guard let headers = SignerHeaders(bearer: settings.token) else { throw RemoteSignerProblem.token }
        var configuration = ClientConfiguration(userAgent: userAgent)
        configuration.caFile = settings.caFile
        configuration.keepsBody = true
        configuration.bodyLimit = Self.answerLimit
        configuration.maximumConnections = settings.maximumInFlight
        configuration.lookupThreads = 2
        self.settings = settings
        self.headers = headers
        client = try RelyingPartyClient(configuration)
    }

    /// Calls until ``shutdown()``.
    func run() async throws {
        try await client.run()
    }

    /// Gives up every call, and takes on no more.
    func shutdown() {
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for asked in waiting { asked.completion(.failure(.stopped)) }
        client.shutdown(grace: .zero)
    }

    /// Asks for a signature; returns at once. The completion is called once, on any thread, and must be quick.
    package func sign(_ question: Question, within limit: Duration, completion: @escaping Completion) {
        let now = ContinuousClock.now
        let asked = Asked(
            question: question,
            deadline: now + min(limit, settings.timeout),
            completion: completion
        )
        let admission = state.withLock { state in
            if state.isStopped { return Admission.refused(.stopped) }
            if state.inFlight < settings.maximumInFlight {
                guard state.breaker.admits(at: now) else { return .refused(.resting) }
                state.inFlight += 1
                return .goes
            }
            if state.breaker.isOpen(at: now) { return .refused(.resting) }
            guard state.waiting.count < settings.maximumInFlight else { return .refused(.busy) }
            state.waiting.append(asked)
            return .waits
        }
        switch admission {
        case .goes: call(asked)
        case .waits: break
        case .refused(let error):
            unasked.increment()
            completion(.failure(error))
        }
    }

    private enum Admission {
        case goes
        case waits
        case refused(ExternalSignerError)
    }

    private func call(_ asked: Asked) {
        let request = LogoutRequest(
            lane: 0,
            url: settings.url,
            body: asked.question.json,
            signer: headers,
            timeout: asked.deadline - .now,
            rule: Self.rule,
            allowHTTP: settings.allowsInsecureLoopback
        )
        client.post(request) { [self] answer in ended(asked, answer) }
    }

    /// A call has ended: its caller is told, and the next one that waits goes out. Called on the client's thread.
    private func ended(_ asked: Asked, _ answer: Answer) {
        let result = Self.signature(in: answer)
        let now = ContinuousClock.now
        let draw = Double.random(in: 0..<1)
        let (next, late, given) = state.withLock { state in
            state.inFlight -= 1
            if let isUp = Self.isUp(answer, result) {
                state.breaker.record(isUp: isUp, at: now, draw: draw)
            } else {
                state.breaker.withdraw()
            }
            return state.next(at: now)
        }
        switch result {
        case .success: signed.increment()
        case .failure: failed.increment()
        }
        asked.completion(result)
        for asked in late { asked.completion(.failure(.timeout)) }
        for asked in given { asked.completion(.failure(.resting)) }
        if let next { call(next) }
    }

    /// Whether the answer says that the signer is up; `nil` where it says nothing of it.
    private static func isUp(_ answer: Answer, _ result: Result<[UInt8], ExternalSignerError>) -> Bool? {
        switch answer.ending {
        case .status(200): if case .success = result { true } else { false }
        // It refuses this key, and may well sign with another.
        case .status(let status): status < 500 && status != 408 && status != 429
        case .failure(.cancelled), .failure(.localError): nil
        case .failure: false
        }
    }

    private static func signature(in answer: Answer) -> Result<[UInt8], ExternalSignerError> {
        switch answer.ending {
        case .status(200):
            guard case .object(let object)? = try? JSON.parse(answer.document?.body ?? []),
                case .string(let text)? = object["signature"], let bytes = try? Base64.urlDecode(text),
                !bytes.isEmpty
            else { return .failure(.malformed) }
            return .success(bytes)
        case .status(let status): return .failure(.refused(status: status))
        case .failure(.timeout): return .failure(.timeout)
        case .failure(.cancelled): return .failure(.stopped)
        case .failure: return .failure(.unreachable(answer.detail ?? "no answer"))
        }
    }
}

extension RemoteSigner.State {
    /// What is to go out next, what has waited too long, and what is given up because the signer is down.
    fileprivate mutating func next(
        at now: ContinuousClock.Instant
    ) -> (next: RemoteSigner.Asked?, late: [RemoteSigner.Asked], given: [RemoteSigner.Asked]) {
        if breaker.isOpen(at: now) {
            defer { waiting = [] }
            return (nil, [], waiting)
        }
        let late = waiting.filter { $0.deadline <= now }
        waiting.removeAll { $0.deadline <= now }
        guard !waiting.isEmpty, !isStopped, breaker.admits(at: now) else { return (nil, late, []) }
        inFlight += 1
        return (waiting.removeFirst(), late, [])
    }
}

extension RemoteSigner.Question {
    /// The body of the call.
    fileprivate var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 2_048)
        writer.object { writer in
            writer.member("issuer", issuer)
            writer.member("kid", kid)
            writer.member("key", key)
            writer.member("alg", alg)
            writer.member("signing_input", Base64.urlEncode(signingInput))
        }
        return writer.bytes
    }
}
