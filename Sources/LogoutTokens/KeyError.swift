/// Why a key cannot be made, imported, sealed or opened.
///
/// A case carries what an operator needs to find the mistake: a member's name, a size, OpenSSL's reason. It
/// never carries key material, nor the text that was to be a key.
public enum KeyError: Error, Sendable, Hashable {
    /// The key is made for something else than this algorithm; `found` is its kind or curve.
    case doesNotFit(SignatureAlgorithm, found: String)
    /// RSA keys have 2048 to 8192 bits; this one has another number.
    case rsaBits(Int)
    /// An RSA public exponent is odd, at least 3 and at most 32 bits long.
    case rsaExponent
    /// The parts of the key contradict each other, or it has no private part.
    case inconsistent

    /// The JWK lacks this member, or has it as something other than text.
    case missingMember(String)
    /// This member of the JWK is not base64url, or has the wrong length.
    case malformedMember(String)
    /// This member of the JWK has a value that is not supported; at most 16 characters of it are shown.
    case unsupportedMember(String, value: String)

    /// The PEM text has no private key in it.
    case noPrivateKey
    /// The private key is encrypted; Lastcall takes it only in the clear, over its own API.
    case encrypted
    /// The private key cannot be read; the reasons are OpenSSL's.
    case unreadable(reasons: [String])

    /// A `kid` is 1 to 255 bytes of UTF-8 without control characters.
    case kidMalformed
    /// A key-encryption key is the standard base64 of exactly 32 bytes.
    case keyEncryptionKeyMalformed
    /// The sealed bytes are cut short or of a format that this version does not know.
    case sealedFormat
    /// The bytes were sealed under the key-encryption key with this id, in hex.
    case sealedUnderAnotherKey(id: String)
    /// The sealed bytes or their context were altered.
    case sealBroken

    /// OpenSSL failed where no input explains it, as when memory is short.
    case library(operation: String, reasons: [String])
}
