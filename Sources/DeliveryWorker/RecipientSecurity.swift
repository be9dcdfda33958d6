import DeliveryPolicy
package import LogoutTokens
import Outbox
import StrictJSON

/// How one client's tokens are encrypted and its server is connected to: read once for each version of the client.
struct RecipientSecurity: Sendable {
    /// What is done to a token before it is sent.
    enum Encryption: Sendable {
        /// It goes as it is signed.
        case none
        /// It is encrypted for a key that the client registered.
        case registered(TokenEncryption)
        /// It is encrypted for a key that the client publishes, which has to be known first.
        case published(KeySetSource)
        /// The client asks for encryption, and it cannot be done: nothing is sent.
        case impossible(ClientKeyProblem)
    }

    var encryption = Encryption.none
    /// The name of the certificate that is shown to its server.
    var certificate: String?
    /// The name of the authority that its server's certificate is checked against.
    var authority: String?
    /// Whether its `jwks_uri` may be called, and at which addresses.
    var keySetEgress = RecipientEgress.closed("its issuer's rules are not known")

    /// Nothing that needs any of it.
    init() {}

    /// Reads what a client registered; what cannot be read is never taken for "no encryption".
    init(_ client: KnownClient, issuer: String, under policy: EgressPolicy?) {
        guard case .object(let members)? = try? JSON.parse(Array(client.metadata.utf8)) else {
            encryption = .impossible(.unreadable)
            return
        }
        if case .string(let name)? = members["tls_client_certificate"] { certificate = name }
        if case .string(let name)? = members["ca"] { authority = name }
        do throws(RegisteredEncryption.Unreadable) {
            guard let registered = try RegisteredEncryption(members) else { return }
            encryption = Self.encryption(registered, of: client, issuer)
            keySetEgress = RecipientEgress(of: source?.uri, under: policy)
        } catch {
            encryption = .impossible(.unreadable)
        }
    }

    private static func encryption(
        _ registered: RegisteredEncryption,
        of client: KnownClient,
        _ issuer: String
    ) -> Encryption {
        switch registered.keys {
        case .inline(let set):
            do throws(EncryptionKeyError) {
                return .registered(
                    try TokenEncryption(
                        alg: registered.alg,
                        enc: registered.enc,
                        key: try EncryptionKeySet(set).key(for: registered.alg),
                        issuer: issuer
                    )
                )
            } catch {
                return .impossible(.unusable(error))
            }
        case .published(let uri):
            return .published(
                KeySetSource(
                    client: client.key,
                    uri: uri,
                    alg: registered.alg,
                    enc: registered.enc,
                    issuer: issuer
                )
            )
        }
    }

    /// Where its keys are fetched from, where they have to be.
    var source: KeySetSource? {
        if case .published(let source) = encryption { source } else { nil }
    }
}

/// Why a client's token cannot be encrypted. It is then not sent.
package enum ClientKeyProblem: Error, Sendable, Hashable {
    /// What is stored of the client is of no form that this version knows.
    case unreadable
    /// The client's JWK Set has no key that can be used.
    case unusable(EncryptionKeyError)
    /// The `jwks_uri` did not give a JWK Set; the text says why, and has no part of an answer.
    case unavailable(String)
    /// The process stops, and nothing was fetched.
    case cancelled

    /// For programs: the `error` of the attempt.
    var code: String { "client_keys_unavailable" }

    /// For people: the `error_description` of the attempt.
    var text: String {
        switch self {
        case .unreadable: "The client's registered encryption is not known to this version."
        case .unusable(let error): "\(error.rule) (\(error.place.isEmpty ? "/keys" : error.place))"
        case .unavailable(let reason): "jwks_uri: \(reason)"
        case .cancelled: "The process was stopped."
        }
    }
}
