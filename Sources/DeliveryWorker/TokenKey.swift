import HardwareKeys
package import LogoutModel
package import LogoutTokens

/// What signs a client's logout tokens.
package enum TokenKey: Sendable {
    /// A key in this process.
    case own(SigningKey)
    /// A key that somebody else holds, and the name of the issuer that it signs for.
    case external(ExternalKey, heldBy: KeyHolder, issuer: String)

    /// The `kid` of its tokens.
    var kid: String {
        switch self {
        case .own(let key): key.kid
        case .external(let key, _, _): key.jwk.kid
        }
    }
}

/// Who signs what this process cannot sign itself; where there is none, its keys sign nothing.
struct ExternalSigners: Sendable {
    /// What the holder is told, and how long it has.
    struct Wish: Sendable {
        let key: ExternalKey
        let heldBy: KeyHolder
        let issuer: String
        let input: [UInt8]
        let limit: Duration
    }

    let remote: RemoteSigner?
    let hardware: HardwareSigner?

    /// Asks the key's holder for a signature; returns at once.
    ///
    /// `completion`: told the signature, not yet checked, once, on any thread; it must be quick.
    func sign(_ wish: Wish, completion: @escaping @Sendable (Result<[UInt8], any Error>) -> Void) {
        switch wish.heldBy {
        case .remote:
            guard let remote else { return completion(.failure(ExternalSignerError.notConfigured(.remote))) }
            let question = RemoteSigner.Question(
                issuer: wish.issuer,
                kid: wish.key.jwk.kid,
                key: wish.key.reference,
                alg: wish.key.jwk.algorithm.rawValue,
                signingInput: wish.input
            )
            remote.sign(question, within: wish.limit) { completion($0.mapError { $0 }) }
        case .pkcs11:
            guard let hardware else {
                return completion(.failure(ExternalSignerError.notConfigured(.pkcs11)))
            }
            hardware.sign(
                wish.input,
                with: wish.key.reference,
                wish.key.jwk.algorithm,
                within: wish.limit
            ) { completion($0.mapError { $0 }) }
        case .lastcall: completion(.failure(ExternalSignerError.notConfigured(.lastcall)))
        }
    }
}

/// Why a key's holder gave no signature.
package enum ExternalSignerError: Error, Sendable, Hashable {
    /// This process was told of no such holder.
    case notConfigured(KeyHolder)
    /// As much is asked of the holder as it may be asked at once; it was not asked.
    case busy
    /// It failed so often that it is left alone for a while; it was not asked.
    case resting
    /// No answer in time.
    case timeout
    /// No connection, or none that may be trusted; what the transport says.
    case unreachable(String)
    /// It answered with this HTTP status.
    case refused(status: Int)
    /// It answered with something that is no signature.
    case malformed
    /// The process stops.
    case stopped
}
