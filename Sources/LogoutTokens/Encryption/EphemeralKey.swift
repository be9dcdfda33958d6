import COpenSSL

/// A key pair for one token: it agrees with the client's key on a secret, and its public half is the header's `epk`.
///
/// Source: RFC 7518 §4.6.1.1, RFC 8037 §3.2.
struct EphemeralKey {
    /// The public half as a JWK, JSON text.
    let jwk: String

    private let handle: KeyHandle

    /// Makes a key on the curve of another; the randomness is drawn by libcrypto.
    init(like key: EncryptionKey) throws(KeyError) {
        ERR_clear_error()
        var json = JSONObjectWriter()
        switch key.kind {
        case .ec(let curve):
            handle = unsafe KeyHandle(
                adopting: try present(lastcall_generate_ec(curve.rawValue), "generate a key")
            )
            let size = curve.fieldBytes
            json.member("kty", "EC")
            json.member("crv", curve.rawValue)
            json.member("x", Base64.urlEncode(try handle.number(OSSL_PKEY_PARAM_EC_PUB_X).bytes(count: size)))
            json.member("y", Base64.urlEncode(try handle.number(OSSL_PKEY_PARAM_EC_PUB_Y).bytes(count: size)))
        case .x25519:
            handle = unsafe KeyHandle(adopting: try present(lastcall_generate_x25519(), "generate a key"))
            json.member("kty", "OKP")
            json.member("crv", "X25519")
            json.member("x", Base64.urlEncode(try handle.rawPublicKey()))
        case .rsa:
            throw .library(operation: "generate a key", reasons: ["an RSA key agrees on nothing"])
        }
        jwk = String(decoding: json.finish(), as: UTF8.self)
    }

    /// The secret that this key and the client's agree on; RFC 7518 calls it Z.
    func agree(with key: EncryptionKey) throws(KeyError) -> [UInt8] {
        try handle.agree(with: key.handle)
    }
}

extension KeyHandle {
    /// ECDH, or X25519, which refuses a peer that would make the secret all zeros.
    func agree(with peer: KeyHandle) throws(KeyError) -> [UInt8] {
        ERR_clear_error()
        let context = unsafe try present(
            EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil),
            "EVP_PKEY_CTX_new_from_pkey"
        )
        defer { unsafe EVP_PKEY_CTX_free(context) }
        unsafe try succeeded(EVP_PKEY_derive_init(context), "EVP_PKEY_derive_init")
        // The peer was checked when it was read; doing it again costs as much as the agreement.
        unsafe try succeeded(
            EVP_PKEY_derive_set_peer_ex(context, peer.pointer, 0),
            "EVP_PKEY_derive_set_peer"
        )
        var length = 0
        unsafe try succeeded(EVP_PKEY_derive(context, nil, &length), "EVP_PKEY_derive")
        var secret = [UInt8](repeating: 0, count: length)
        unsafe try succeeded(EVP_PKEY_derive(context, &secret, &length), "EVP_PKEY_derive")
        return Array(secret.prefix(length))
    }
}
