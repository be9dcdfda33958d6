import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import Synchronization

/// Who looks at a page.
struct Visitor: Sendable {
    /// The cookie's random bytes.
    let secret: [UInt8]
    /// The key that signed in; `nil`: the operator key of the settings.
    let keyID: UUID?
    /// What the key is called.
    let name: String
    /// The only issuer that the key may see, by row and name; `nil`: all of them.
    let issuer: (key: Int32, name: String)?
    /// What the key may do.
    let scopes: Set<AccessScope>

    /// What every form of this session carries.
    var token: String { SessionDesk.token(of: secret, for: "form") }

    var isOperator: Bool { issuer == nil }

    /// What the key makes of them, in a word: with each of these scopes there are buttons somewhere.
    var role: String {
        if scopes.isDisjoint(with: [.operate, .clients, .admin]) { return "read only" }
        return isOperator ? "operator" : "issuer operator"
    }
}

/// Signs people in and out, and tells who they are.
///
/// A session is 32 random bytes in a cookie; the database knows their hash. It holds for as long as the key that opened it does: the key is
/// looked at with every page.
struct SessionDesk: Sendable {
    private static let secretBytes = 32

    let store: OutboxStore
    let backend: ConsoleBackend
    let settings: ConsoleSettings
    private let limit = SignInLimit()

    init(store: OutboxStore, backend: ConsoleBackend, settings: ConsoleSettings) {
        self.store = store
        self.backend = backend
        self.settings = settings
    }

    /// What only the holder of a cookie can put into a form.
    static func token(of secret: [UInt8], for purpose: String) -> String {
        Base64.urlEncode(Digests.hmacSHA256(key: secret, Array("lastcall console \(purpose)".utf8)))
    }

    /// Whether a form carries the token that belongs to a cookie.
    static func isToken(_ text: String?, of secret: [UInt8], for purpose: String) -> Bool {
        Digests.equal(Array(token(of: secret, for: purpose).utf8), Array((text ?? "").utf8))
    }

    /// New random bytes, and how a cookie holds them.
    static func newSecret() throws -> (bytes: [UInt8], text: String) {
        let bytes = try Digests.randomBytes(secretBytes)
        return (bytes, Base64.urlEncode(bytes))
    }

    /// The random bytes in a cookie.
    static func secret(in cookie: String?) -> [UInt8]? {
        guard let bytes = cookie.flatMap({ try? Base64.urlDecode($0) }), bytes.count == secretBytes else {
            return nil
        }
        return bytes
    }

    /// Who sends a request; `nil`: nobody who is signed in.
    ///
    /// `isUse`: somebody is there, so the session's end moves on; a page that updates itself does so with nobody before it.
    /// - Throws: what the store throws.
    func visitor(of request: ConsoleRequest, isUse: Bool) async throws -> Visitor? {
        guard let secret = Self.secret(in: request.cookie(settings.sessionCookie)),
            let session = try await store.consoleSession(
                Digests.sha256(secret),
                idle: isUse ? settings.life.idle : nil
            )
        else { return nil }
        if let proof = session.operatorProof {
            // Another operator key in the settings makes another proof, and so ends what the old one opened.
            guard let own = backend.operatorProof(secret), Digests.equal(own, proof) else { return nil }
        }
        let issuer = session.issuer
        return Visitor(
            secret: secret,
            keyID: session.keyID,
            name: session.keyName ?? "operator key",
            issuer: issuer,
            scopes: session.scopes
        )
    }

    /// What came of a sign-in.
    enum Entry {
        case opened(cookie: String, keyID: UUID?)
        case refused
        case tooMany
        case unavailable
    }

    /// Judges a key and opens a session for it.
    func signIn(with key: String, replacing old: [UInt8]?) async -> Entry {
        guard limit.begin() else { return .tooMany }
        let keyID: UUID?
        switch await backend.identify(key) {
        case .issued(let id): keyID = id
        case .configured: keyID = nil
        case .nobody: return .refused
        case .tooMany: return .tooMany
        case .unavailable:
            limit.wasRight()
            return .unavailable
        }
        limit.wasRight()
        do {
            if let old { try await store.endConsoleSession(Digests.sha256(old)) }
            let (secret, cookie) = try Self.newSecret()
            try await store.openConsoleSession(
                Digests.sha256(secret),
                keyID: keyID,
                operatorProof: keyID == nil ? backend.operatorProof(secret) : nil,
                life: settings.life
            )
            return .opened(cookie: cookie, keyID: keyID)
        } catch {
            return .unavailable
        }
    }

    /// Forgets the session.
    func signOut(_ visitor: Visitor) async throws {
        try await store.endConsoleSession(Digests.sha256(visitor.secret))
    }
}

/// How many sign-ins one process judges that turn out wrong: twenty in a minute.
final class SignInLimit: Sendable {
    private static let most = 20
    private static let span = Duration.seconds(60)

    private let state = Mutex((count: 0, since: ContinuousClock.now))

    /// Counts a sign-in; false: too many were wrong.
    func begin() -> Bool {
        state.withLock { state in
            if state.since.duration(to: .now) > Self.span { state = (0, .now) }
            guard state.count < Self.most else { return false }
            state.count += 1
            return true
        }
    }

    /// The one that was counted is none that counts.
    func wasRight() { state.withLock { $0.count = max(0, $0.count - 1) } }
}
