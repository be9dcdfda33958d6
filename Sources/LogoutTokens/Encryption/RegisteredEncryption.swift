public import StrictJSON

/// What a client registered about the encryption of its tokens.
///
/// Source: OpenID Connect Dynamic Client Registration 1.0 §2; Back-Channel Logout 1.0 §2.4 has logout tokens encrypted
/// as ID Tokens are.
public struct RegisteredEncryption: Sendable, Hashable {
    /// Where its keys are.
    public enum Keys: Sendable, Hashable {
        /// In its registration.
        case inline(JSON)
        /// At its `jwks_uri`.
        case published(at: String)
    }

    /// Its `id_token_encrypted_response_alg`.
    public let alg: KeyManagementAlgorithm
    /// Its `id_token_encrypted_response_enc`.
    public let enc: ContentEncryption
    /// Its keys.
    public let keys: Keys

    /// Reads a client's metadata as they are stored; `nil` where its tokens are not encrypted.
    ///
    /// - Parameter metadata: the client's members, checked when they were registered.
    /// - Throws: ``Unreadable`` where they ask for encryption in a way that this version does not know: such a client
    ///   must not get a token in the clear.
    public init?(_ metadata: JSONObject) throws(Unreadable) {
        guard let name = metadata["id_token_encrypted_response_alg"] else { return nil }
        guard case .string(let name) = name, let alg = KeyManagementAlgorithm(rawValue: name),
            case .string(let enc)? = metadata["id_token_encrypted_response_enc"],
            let enc = ContentEncryption(rawValue: enc)
        else { throw Unreadable() }
        if let set = metadata["jwks"] {
            keys = .inline(set)
        } else if case .string(let uri)? = metadata["jwks_uri"] {
            keys = .published(at: uri)
        } else {
            throw Unreadable()
        }
        self.alg = alg
        self.enc = enc
    }

    /// Stored metadata ask for an encryption that this version cannot do.
    public struct Unreadable: Error, Sendable, Hashable {}
}
