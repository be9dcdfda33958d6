/// How the key that encrypts a logout token reaches the RP; the raw value is its JOSE `alg`.
///
/// These are the values that a client's `id_token_encrypted_response_alg` may have. `RSA1_5` is not here on purpose
/// (its padding gives decryption oracles), nor are the symmetric ones, which would need the client's secret.
///
/// Source: RFC 7518 §4.1, RFC 8037 §3.2 for X25519.
public enum KeyManagementAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSAES OAEP with SHA-1 and MGF1 with SHA-1.
    case rsaOAEP = "RSA-OAEP"
    /// RSAES OAEP with SHA-256 and MGF1 with SHA-256.
    case rsaOAEP256 = "RSA-OAEP-256"
    /// Ephemeral-static ECDH, whose result is the content key.
    case ecdhES = "ECDH-ES"
    /// Ephemeral-static ECDH, whose result wraps the content key with AES of 128 bits.
    case ecdhESA128KW = "ECDH-ES+A128KW"
    /// Ephemeral-static ECDH, whose result wraps the content key with AES of 256 bits.
    case ecdhESA256KW = "ECDH-ES+A256KW"

    /// What the algorithm does with the client's key.
    enum Scheme: Hashable {
        case rsaOAEP(sha256: Bool)
        case agreement
        case agreementAndWrap(keyBytes: Int)
    }

    var scheme: Scheme {
        switch self {
        case .rsaOAEP: .rsaOAEP(sha256: false)
        case .rsaOAEP256: .rsaOAEP(sha256: true)
        case .ecdhES: .agreement
        case .ecdhESA128KW: .agreementAndWrap(keyBytes: 16)
        case .ecdhESA256KW: .agreementAndWrap(keyBytes: 32)
        }
    }

    /// Whether it needs an RSA key, and not one of a curve.
    var isRSA: Bool {
        if case .rsaOAEP = scheme { true } else { false }
    }
}
