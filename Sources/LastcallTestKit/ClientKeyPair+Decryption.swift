import COpenSSL
import Foundation
import Glibc

extension ClientKeyPair {
    /// Decrypts a token as its RP does.
    ///
    /// - Parameter token: the encrypted token, taken apart.
    /// - Returns: the signed token in it.
    /// - Throws: ``EncryptedToken/Defect``.
    public func decrypt(_ token: EncryptedToken) throws(EncryptedToken.Defect) -> String {
        defer { ERR_clear_error() }
        guard let sizes = Self.sizes[token.enc] else { throw .member("enc") }
        guard let contentKey = contentKey(of: token, bytes: sizes.key), contentKey.count == sizes.key else {
            throw .contentKey
        }
        guard token.iv.count == sizes.iv, token.tag.count == sizes.tag else { throw .tag }
        let plain =
            token.enc.hasSuffix("GCM")
            ? Self.openGCM(token, contentKey) : Self.openCBC(token, contentKey)
        guard let plain else { throw .tag }
        return String(decoding: plain, as: UTF8.self)
    }

    private static let sizes: [String: (key: Int, iv: Int, tag: Int)] = [
        "A128GCM": (16, 12, 16), "A256GCM": (32, 12, 16), "A128CBC-HS256": (32, 16, 16),
        "A256CBC-HS512": (64, 16, 32),
    ]

    private func contentKey(of token: EncryptedToken, bytes: Int) -> [UInt8]? {
        switch token.alg {
        case "RSA-OAEP": unsafe decryptOAEP(token.encryptedKey, EVP_sha1())
        case "RSA-OAEP-256": unsafe decryptOAEP(token.encryptedKey, EVP_sha256())
        case "ECDH-ES":
            token.encryptedKey.isEmpty
                ? agreed(token).flatMap { Self.derive($0, "ECDH-ES", for: token.enc, bytes: bytes) } : nil
        case "ECDH-ES+A128KW": unwrap(token, bytes: 16)
        case "ECDH-ES+A256KW": unwrap(token, bytes: 32)
        default: nil
        }
    }

    private func unwrap(_ token: EncryptedToken, bytes: Int) -> [UInt8]? {
        guard let secret = agreed(token),
            let wrapping = Self.derive(secret, token.alg, for: token.alg, bytes: bytes)
        else { return nil }
        let cipher = unsafe bytes == 16 ? EVP_aes_128_wrap() : EVP_aes_256_wrap()
        return unsafe Self.decrypt(token.encryptedKey, cipher, key: wrapping, iv: nil)
    }

    private func decryptOAEP(_ bytes: [UInt8], _ digest: OpaquePointer?) -> [UInt8]? {
        guard kind == .rsa, let context = unsafe EVP_PKEY_CTX_new(key, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var length = 0
        guard unsafe EVP_PKEY_decrypt_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1,
            unsafe EVP_PKEY_decrypt(context, nil, &length, bytes, bytes.count) == 1
        else { return nil }
        var result = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_PKEY_decrypt(context, &result, &length, bytes, bytes.count) == 1 else { return nil }
        return Array(result.prefix(length))
    }

    /// The secret that this key and the header's `epk` agree on.
    private func agreed(_ token: EncryptedToken) -> [UInt8]? {
        func bytes(_ name: String) -> [UInt8] {
            token.epk?[name].flatMap { LogoutTokenVerifier.decode(Substring($0)) }.map(Array.init) ?? []
        }
        let names = kind == .x25519 ? ["kty", "crv", "x"] : ["kty", "crv", "x", "y"]
        guard kind != .rsa, let epk = token.epk, Set(epk.keys) == Set(names), epk["crv"] == kind.rawValue,
            epk["kty"] == (kind == .x25519 ? "OKP" : "EC")
        else { return nil }
        // A copy of our own public key whose point is then the peer's: no curve has to be named.
        guard let peer = unsafe EVP_PKEY_new() else { return nil }
        defer { unsafe EVP_PKEY_free(peer) }
        let point = kind == .x25519 ? bytes("x") : [4] + bytes("x") + bytes("y")
        guard unsafe EVP_PKEY_copy_parameters(peer, key) == 1 || kind == .x25519,
            unsafe kind != .x25519 || EVP_PKEY_set_type(peer, EVP_PKEY_X25519) == 1,
            unsafe EVP_PKEY_set1_encoded_public_key(peer, point, point.count) == 1,
            let context = unsafe EVP_PKEY_CTX_new(key, nil)
        else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var length = 0
        guard unsafe EVP_PKEY_derive_init(context) == 1,
            unsafe EVP_PKEY_derive_set_peer(context, peer) == 1,
            unsafe EVP_PKEY_derive(context, nil, &length) == 1
        else { return nil }
        var secret = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_PKEY_derive(context, &secret, &length) == 1 else { return nil }
        return Array(secret.prefix(length))
    }

    /// The Concat KDF, which OpenSSL calls SSKDF. Source: NIST SP 800-56C §4, RFC 7518 §4.6.2.
    private static func derive(_ secret: [UInt8], _ alg: String, for use: String, bytes: Int) -> [UInt8]? {
        let bits = UInt32(bytes * 8)
        var info: [UInt8] = [0, 0, 0, UInt8(use.utf8.count)] + Array(use.utf8)
        info += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(bits >> 8), UInt8(bits & 255)]
        guard let kdf = unsafe EVP_KDF_fetch(nil, "SSKDF", nil) else { return nil }
        defer { unsafe EVP_KDF_free(kdf) }
        guard let context = unsafe EVP_KDF_CTX_new(kdf) else { return nil }
        defer { unsafe EVP_KDF_CTX_free(context) }
        // OpenSSL keeps pointers to names and values until it is done, and reads texts up to their NUL.
        let names = unsafe (["digest", "key", "info"] as [String]).map { unsafe strdup($0) }
        let values = unsafe [Array("SHA256\0".utf8), secret, info].map { bytes in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            unsafe copy.copyBytes(from: bytes)
            return unsafe copy
        }
        defer {
            unsafe names.forEach { unsafe free($0) }
            unsafe values.forEach { unsafe $0.deallocate() }
        }
        var parameters = unsafe [
            OSSL_PARAM_construct_utf8_string(names[0], values[0].baseAddress, values[0].count - 1),
            OSSL_PARAM_construct_octet_string(names[1], values[1].baseAddress, values[1].count),
            OSSL_PARAM_construct_octet_string(names[2], values[2].baseAddress, values[2].count),
            OSSL_PARAM_construct_end(),
        ]
        var derived = [UInt8](repeating: 0, count: bytes)
        let done = unsafe EVP_KDF_derive(context, &derived, bytes, &parameters)
        return done == 1 ? derived : nil
    }

    private static func openGCM(_ token: EncryptedToken, _ key: [UInt8]) -> [UInt8]? {
        let cipher = unsafe key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        return unsafe decrypt(
            token.ciphertext,
            cipher,
            key: key,
            iv: token.iv,
            authenticated: token.encodedHeader,
            tag: token.tag
        )
    }

    /// RFC 7518 §5.2.2.2: the tag first, then the text.
    private static func openCBC(_ token: EncryptedToken, _ key: [UInt8]) -> [UInt8]? {
        let half = key.count / 2
        let bits = UInt64(token.encodedHeader.count) * 8
        let length = (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        let message = token.encodedHeader + token.iv + token.ciphertext + length
        var code = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        let digest = unsafe half == 16 ? EVP_sha256() : EVP_sha512()
        guard
            unsafe HMAC(digest, Array(key[..<half]), Int32(half), message, message.count, &code, &count)
                != nil,
            Array(code.prefix(half)) == token.tag
        else { return nil }
        let cipher = unsafe half == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc()
        return unsafe decrypt(token.ciphertext, cipher, key: Array(key[half...]), iv: token.iv)
    }

    private static func decrypt(
        _ bytes: [UInt8],
        _ cipher: OpaquePointer?,
        key: [UInt8],
        iv: [UInt8]?,
        authenticated: [UInt8] = [],
        tag: [UInt8] = []
    ) -> [UInt8]? {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        unsafe EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        var length: Int32 = 0
        var result = [UInt8](repeating: 0, count: bytes.count + 32)
        var tag = tag
        let started =
            if let iv {
                unsafe EVP_DecryptInit_ex2(context, cipher, key, iv, nil)
            } else {
                unsafe EVP_DecryptInit_ex2(context, cipher, key, nil, nil)
            }
        guard started == 1 else { return nil }
        if !tag.isEmpty {
            guard
                unsafe EVP_DecryptUpdate(context, nil, &length, authenticated, Int32(authenticated.count))
                    == 1,
                unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
            else { return nil }
        }
        guard unsafe EVP_DecryptUpdate(context, &result, &length, bytes, Int32(bytes.count)) == 1 else {
            return nil
        }
        var rest = [UInt8](repeating: 0, count: 32)
        var restLength: Int32 = 0
        guard unsafe EVP_DecryptFinal_ex(context, &rest, &restLength) == 1 else { return nil }
        return Array(result.prefix(Int(length))) + rest.prefix(Int(restLength))
    }
}
