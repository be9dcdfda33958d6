import LogoutModel

/// The key that other secrets are sealed under before they reach Postgres; it never gets there itself.
///
/// Printing or mirroring it shows its ``id`` only. Its memory is wiped when the last copy goes.
public struct KeyEncryptionKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Which key this is: the first 8 bytes of its SHA-256. Sealed bytes carry it, so rotation can tell.
    public let id: [UInt8]

    let bytes: SecretBytes

    /// Reads the key as settings carry it.
    ///
    /// - Parameter base64: standard base64 of exactly 32 bytes, padded, without whitespace.
    /// - Throws: ``KeyError/keyEncryptionKeyMalformed``.
    public init(base64: String) throws(KeyError) {
        guard var bytes = try? Base64.decode(base64) else { throw .keyEncryptionKeyMalformed }
        defer { bytes.cleanse() }
        guard bytes.count == 32 else { throw .keyEncryptionKeyMalformed }
        self.bytes = SecretBytes(copying: bytes)
        id = Array(Digests.sha256(bytes).prefix(8))
    }

    /// The id in hex, as operators see it.
    public var hexID: String { Hex.encode(id) }

    /// The id in hex, and nothing else.
    public var description: String { "KeyEncryptionKey(\(hexID))" }

    /// Shows the id to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["id": hexID]) }
}
