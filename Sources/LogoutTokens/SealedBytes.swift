import COpenSSL
import LogoutModel

/// A secret as it may be stored: encrypted and authenticated with AES-256-GCM.
///
/// Shape of ``bytes``: version (1 byte, `1`), id of the key-encryption key (8), nonce (12), ciphertext (as
/// long as the secret), tag (16). The first 9 bytes are authenticated too, in front of the caller's context,
/// which names the row that the secret belongs to: moved to another row, it does not open.
///
/// The nonce is random; a key-encryption key seals a few secrets per signing key, far below the 2^32
/// messages where random nonces of 12 bytes begin to matter (NIST SP 800-38D §8.3).
public struct SealedBytes: Sendable, Hashable {
    /// What is stored.
    public let bytes: [UInt8]

    private static let version: UInt8 = 1
    private static let headerLength = 9
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Takes over stored bytes.
    ///
    /// - Parameter bytes: as ``bytes`` gave them.
    /// - Throws: ``KeyError/sealedFormat`` for another version or too few bytes.
    public init(bytes: [UInt8]) throws(KeyError) {
        let least = Self.headerLength + Self.nonceLength + Self.tagLength
        guard bytes.count >= least, bytes[0] == Self.version else { throw .sealedFormat }
        self.bytes = bytes
    }

    /// Seals a secret; the nonce is drawn from libcrypto.
    ///
    /// - Parameters:
    ///   - secret: what to protect.
    ///   - key: the key-encryption key.
    ///   - context: bytes that must be the same when it is opened.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public init(sealing secret: [UInt8], under key: KeyEncryptionKey, context: [UInt8]) throws(KeyError) {
        let header = [Self.version] + key.id
        let nonce = try Digests.randomBytes(Self.nonceLength)
        let cipher = try Cipher(key: key, nonce: nonce, encrypting: true)
        try cipher.authenticate(header + context)
        let sealed = try cipher.transform(secret)
        try cipher.finish()
        bytes = header + nonce + sealed + (try cipher.tag(length: Self.tagLength))
    }

    /// The id of the key-encryption key that opens the secret, 8 bytes.
    public var keyID: [UInt8] { Array(bytes[1..<Self.headerLength]) }

    /// Opens the secret.
    ///
    /// - Parameters:
    ///   - key: the key-encryption key with the id ``keyID``.
    ///   - context: the bytes that it was sealed with.
    /// - Returns: the secret.
    /// - Throws: ``KeyError/sealedUnderAnotherKey(id:)``; ``KeyError/sealBroken`` where anything was altered.
    public func open(under key: KeyEncryptionKey, context: [UInt8]) throws(KeyError) -> [UInt8] {
        guard keyID == key.id else { throw .sealedUnderAnotherKey(id: Hex.encode(keyID)) }
        let nonceEnd = Self.headerLength + Self.nonceLength
        let tagStart = bytes.count - Self.tagLength
        let cipher = try Cipher(
            key: key,
            nonce: Array(bytes[Self.headerLength..<nonceEnd]),
            encrypting: false
        )
        try cipher.authenticate(bytes[..<Self.headerLength] + context)
        var secret = try cipher.transform(Array(bytes[nonceEnd..<tagStart]))
        do {
            try cipher.expect(tag: Array(bytes[tagStart...]))
            try cipher.finish()
        } catch {
            unsafe OPENSSL_cleanse(&secret, secret.count)
            throw .sealBroken
        }
        return secret
    }

    /// One run of AES-256-GCM.
    @safe
    private final class Cipher {
        private let context: OpaquePointer

        init(key: KeyEncryptionKey, nonce: [UInt8], encrypting: Bool) throws(KeyError) {
            ERR_clear_error()
            unsafe context = try present(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
            // GCM's own nonce length is the 12 bytes used here.
            unsafe try succeeded(
                EVP_CipherInit_ex2(
                    context,
                    EVP_aes_256_gcm(),
                    key.bytes.start,
                    nonce,
                    encrypting ? 1 : 0,
                    nil
                ),
                "EVP_CipherInit_ex2"
            )
        }

        deinit {
            unsafe EVP_CIPHER_CTX_free(context)
        }

        func authenticate(_ bytes: [UInt8]) throws(KeyError) {
            var length: Int32 = 0
            unsafe try succeeded(
                EVP_CipherUpdate(context, nil, &length, bytes, Int32(clamping: bytes.count)),
                "EVP_CipherUpdate"
            )
        }

        func transform(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] {
            guard !bytes.isEmpty else { return [] }
            var result = [UInt8](repeating: 0, count: bytes.count)
            var length: Int32 = 0
            unsafe try succeeded(
                EVP_CipherUpdate(context, &result, &length, bytes, Int32(clamping: bytes.count)),
                "EVP_CipherUpdate"
            )
            return result
        }

        /// Ends the run; when decrypting, this is where the tag is compared.
        func finish() throws(KeyError) {
            var rest = [UInt8](repeating: 0, count: 16)
            var length: Int32 = 0
            unsafe try succeeded(EVP_CipherFinal_ex(context, &rest, &length), "EVP_CipherFinal_ex")
        }

        func tag(length: Int) throws(KeyError) -> [UInt8] {
            var tag = [UInt8](repeating: 0, count: length)
            unsafe try succeeded(
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(length), &tag),
                "EVP_CTRL_AEAD_GET_TAG"
            )
            return tag
        }

        func expect(tag: [UInt8]) throws(KeyError) {
            var tag = tag
            unsafe try succeeded(
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag),
                "EVP_CTRL_AEAD_SET_TAG"
            )
        }
    }
}
