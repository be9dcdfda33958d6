import COpenSSL
import LogoutTokens

/// A PKCS#11 module with its sessions and keys, on the one thread that uses it.
///
/// What fails is let go of as a whole and opened anew, so that a token may come later than this process. OpenSSL's engine
/// keeps stale handles of keys that it has found, though: one that vanishes from its token is lost to this process.
@safe
final class HardwareModule {
    /// How long a module stays open at least, and a key is not asked for again that was not found.
    private static let patience = Duration.seconds(2)
    /// Of keys that were not found, the most that are remembered.
    private static let maximumAbsent = 1_000

    private struct Name: Hashable {
        let uri: String
        let algorithm: SignatureAlgorithm
    }

    private let path: String
    private let pin: String?
    private var engine: OpaquePointer?
    private var openedAt = ContinuousClock.now - patience
    private var keys: [Name: EngineKey] = [:]
    private var absentUntil: [Name: (ContinuousClock.Instant, HardwareKeyError)] = [:]
    private var isPINRefused = false

    init(path: String, pin: String?) {
        self.path = path
        self.pin = pin
    }

    deinit {
        close()
    }

    /// Signs; a key whose session was lost is looked for once more.
    func signature(
        of message: [UInt8],
        with uri: String,
        _ algorithm: SignatureAlgorithm
    ) throws(HardwareKeyError) -> [UInt8] {
        let name = Name(uri: uri, algorithm: algorithm)
        let wasKnown = keys[name] != nil
        do {
            return try key(name).signature(of: message)
        } catch let error as HardwareKeyError {
            throw error
        } catch {
            close()
            guard wasKnown else { throw .notSigned(reasons: Self.reasons(error)) }
        }
        do {
            return try key(name).signature(of: message)
        } catch let error as HardwareKeyError {
            throw error
        } catch {
            close()
            throw .notSigned(reasons: Self.reasons(error))
        }
    }

    /// Ends all sessions.
    func close() {
        keys = [:]
        if let engine = unsafe engine { unsafe lastcall_pkcs11_close(engine) }
        unsafe engine = nil
    }

    private func key(_ name: Name) throws -> EngineKey {
        if let key = keys[name] { return key }
        guard !isPINRefused else { throw HardwareKeyError.pinRefused }
        let now = ContinuousClock.now
        if let (until, error) = absentUntil[name], now < until { throw error }
        // A token that was not there when the module was opened is seen by one that is opened anew.
        if absentUntil[name] != nil, now - openedAt >= Self.patience { close() }
        ERR_clear_error()
        let engine = unsafe try opened(at: now)
        guard let found = unsafe lastcall_pkcs11_key(engine, name.uri) else {
            let (reasons, pinRefused) = Self.drain()
            isPINRefused = pinRefused
            let error = pinRefused ? HardwareKeyError.pinRefused : .keyNotFound(reasons: reasons)
            if absentUntil.count >= Self.maximumAbsent { absentUntil = [:] }
            absentUntil[name] = (now + Self.patience, error)
            throw error
        }
        let key = unsafe try EngineKey(adopting: found, for: name.algorithm)
        absentUntil[name] = nil
        keys[name] = key
        return key
    }

    private func opened(at now: ContinuousClock.Instant) throws(HardwareKeyError) -> OpaquePointer {
        if let engine = unsafe engine { return unsafe engine }
        guard let opened = unsafe lastcall_pkcs11_open(path, pin) else {
            throw .moduleUnavailable(reasons: Self.drain().reasons)
        }
        unsafe engine = opened
        openedAt = now
        return unsafe opened
    }

    private static func reasons(_ error: any Error) -> [String] {
        if case SigningError.library(_, let reasons) = error { reasons } else { [] }
    }

    /// Takes every entry out of the thread's queue: why something failed, and whether it was for the PIN.
    private static func drain() -> (reasons: [String], pinRefused: Bool) {
        var reasons: [String] = []
        var pinRefused = false
        while case let code = ERR_get_error(), code != 0 {
            // CKR_PIN_INCORRECT to CKR_PIN_LOCKED, in the numbers that libraries outside OpenSSL get.
            if ERR_GET_LIB(code) >= Int32(ERR_LIB_USER), (0xA0...0xA4).contains(ERR_GET_REASON(code)) {
                pinRefused = true
            }
            guard let reason = unsafe ERR_reason_error_string(code) else { continue }
            unsafe reasons.append(String(cString: reason))
        }
        return (reasons, pinRefused)
    }
}
