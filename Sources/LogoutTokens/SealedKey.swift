import COpenSSL

/// A private signing key as it is stored: its PKCS#8 bytes, sealed for one issuer, `kid` and algorithm.
///
/// A row whose key is swapped for another row's does not open.
public struct SealedKey: Sendable, Hashable {
    /// What is stored; see ``SealedBytes`` for the shape.
    public let sealed: SealedBytes

    /// Takes over stored bytes.
    ///
    /// - Parameter bytes: the bytes of ``sealed``.
    /// - Throws: ``KeyError/sealedFormat``.
    public init(bytes: [UInt8]) throws(KeyError) {
        sealed = try SealedBytes(bytes: bytes)
    }

    /// Seals a key; the nonce is drawn from libcrypto.
    ///
    /// - Parameters:
    ///   - key: the signing key with its `kid`.
    ///   - issuerID: the issuer's id as bytes, such as the 16 of a UUID.
    ///   - encryptionKey: the key-encryption key.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public init(
        sealing key: SigningKey,
        issuerID: [UInt8],
        under encryptionKey: KeyEncryptionKey
    ) throws(KeyError) {
        let context = Self.context(issuerID: issuerID, kid: key.kid, algorithm: key.algorithm)
        var pkcs8 = try key.privateKey.pkcs8()
        defer { unsafe OPENSSL_cleanse(&pkcs8, pkcs8.count) }
        sealed = try SealedBytes(sealing: pkcs8, under: encryptionKey, context: context)
    }

    /// Opens the key. Its parts were checked before they were sealed, so only its fit is checked again.
    ///
    /// - Parameters:
    ///   - issuerID: the issuer that it was sealed for.
    ///   - kid: the `kid` that it was sealed with.
    ///   - algorithm: the algorithm that it was sealed for.
    ///   - encryptionKey: the key-encryption key with the id that ``sealed`` names.
    /// - Returns: the key, ready to sign.
    /// - Throws: ``KeyError/sealedUnderAnotherKey(id:)``, or ``KeyError/sealBroken`` where the bytes or one
    ///   of the first three arguments differ.
    public func open(
        issuerID: [UInt8],
        kid: String,
        algorithm: SignatureAlgorithm,
        under encryptionKey: KeyEncryptionKey
    ) throws(KeyError) -> SigningKey {
        let context = Self.context(issuerID: issuerID, kid: kid, algorithm: algorithm)
        var pkcs8 = try sealed.open(under: encryptionKey, context: context)
        defer { unsafe OPENSSL_cleanse(&pkcs8, pkcs8.count) }
        let key = try PrivateKey(KeyHandle(pkcs8: pkcs8), for: algorithm, consistent: true)
        return try SigningKey(key, kid: kid)
    }

    /// What binds a sealed key to its row: issuer, `kid` and `alg`, each behind its length as 4 bytes, so no
    /// two rows share a context.
    static func context(issuerID: [UInt8], kid: String, algorithm: SignatureAlgorithm) -> [UInt8] {
        var context: [UInt8] = []
        for part in [issuerID, Array(kid.utf8), Array(algorithm.rawValue.utf8)] {
            let length = UInt32(part.count)
            context.append(contentsOf: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) })
            context.append(contentsOf: part)
        }
        return context
    }
}
