import COpenSSL

/// What an issuer's completion webhooks are signed with: `whsec_` and the standard base64 of 24 to 64 bytes.
///
/// Printing or mirroring it shows nothing of it.
///
/// Source: Standard Webhooks, "Signature scheme", for symmetric signatures.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// The longest text that is one, in bytes.
    public static let maximumBytes = 94

    private static let prefix = "whsec_"
    private static let lengths = 24...64

    private let bytes: SecretBytes

    /// Reads a secret as callers give it; `nil` for whatever is not exactly of the form.
    ///
    /// - Parameter text: all of it.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes, text.utf8.starts(with: Self.prefix.utf8),
            var bytes = try? Base64.decode(String(text.dropFirst(Self.prefix.count)))
        else { return nil }
        defer { bytes.cleanse() }
        guard Self.lengths.contains(bytes.count) else { return nil }
        self.bytes = SecretBytes(copying: bytes)
    }

    /// Opens a stored secret.
    ///
    /// - Parameters:
    ///   - stored: as ``sealed(issuerID:under:)`` made it.
    ///   - issuerID: the issuer that it was sealed for.
    ///   - encryptionKey: the key-encryption key that it was sealed under.
    /// - Throws: ``KeyError/sealedFormat``, ``KeyError/sealedUnderAnotherKey(id:)``, or ``KeyError/sealBroken``
    ///   where the bytes or the issuer differ.
    public init(
        opening stored: [UInt8],
        issuerID: [UInt8],
        under encryptionKey: KeyEncryptionKey
    ) throws(KeyError) {
        let sealed = try SealedBytes(bytes: stored)
        var secret = try sealed.open(under: encryptionKey, context: Self.context(issuerID: issuerID))
        defer { secret.cleanse() }
        bytes = SecretBytes(copying: secret)
    }

    /// Seals the secret for one issuer; the nonce is drawn from libcrypto.
    ///
    /// - Parameters:
    ///   - issuerID: the issuer's id as bytes; in another issuer's row the secret does not open.
    ///   - encryptionKey: the key-encryption key.
    /// - Returns: what may be stored.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public func sealed(issuerID: [UInt8], under encryptionKey: KeyEncryptionKey) throws(KeyError)
        -> SealedBytes
    {
        var secret = unsafe Array(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
        defer { secret.cleanse() }
        return try SealedBytes(
            sealing: secret,
            under: encryptionKey,
            context: Self.context(issuerID: issuerID)
        )
    }

    /// Signs one message: HMAC-SHA256 over id, time and body, joined by dots.
    ///
    /// - Parameters:
    ///   - id: the `webhook-id`.
    ///   - timestamp: the `webhook-timestamp`, in seconds since 1970-01-01 UTC.
    ///   - body: the body, all of it.
    /// - Returns: the `webhook-signature`: `v1,` and the base64 of 32 bytes.
    public func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let message = Array("\(id).\(timestamp).".utf8) + body
        var code = [UInt8](repeating: 0, count: 32)
        let done = unsafe HMAC(
            EVP_sha256(),
            bytes.start,
            Int32(bytes.count),
            message,
            message.count,
            &code,
            nil
        )
        // Only a libcrypto without SHA-256 gets here; a signature of zeros would be sent as if it were one.
        unsafe precondition(done != nil, "libcrypto has no HMAC")
        return "v1," + Base64.encode(code)
    }

    /// That it is a secret, and nothing else.
    public var description: String { "WebhookSecret" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// No private key's context begins like this: those begin with a length, whose first byte is zero.
    static func context(issuerID: [UInt8]) -> [UInt8] { Array("completion-webhook.".utf8) + issuerID }
}
