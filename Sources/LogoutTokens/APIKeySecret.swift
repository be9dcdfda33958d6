import LogoutModel

public import struct FoundationEssentials.UUID

/// An API key that Lastcall issued: `lc_<id>_<secret>`.
///
/// `id` is the key's UUID as 32 lower-case hex digits, `secret` the base64url of 32 random bytes. Only the
/// ``hash`` of the secret is stored; printing or mirroring shows the id alone.
public struct APIKeySecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// The key's id: where to find its row.
    public let id: UUID

    private let secret: String

    /// Puts together a key; `nil` for another number of bytes.
    ///
    /// - Parameters:
    ///   - id: its id.
    ///   - randomBytes: exactly 32 bytes of ``Digests/randomBytes(_:)``.
    public init?(id: UUID, randomBytes: [UInt8]) {
        guard randomBytes.count == Self.secretBytes else { return nil }
        self.id = id
        secret = Base64.urlEncode(randomBytes)
    }

    /// Reads a presented key; `nil` for whatever is not exactly of the form, also for another spelling of the
    /// same bytes.
    ///
    /// - Parameter text: all of it.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.count == Self.length, text.hasPrefix("lc_") else { return nil }
        let parts = text.dropFirst(3)
        let hex = parts.prefix(32)
        let rest = parts.dropFirst(32)
        guard
            let id = Hex.decode(hex.utf8), id.count == 16, rest.first == "_",
            let secret = try? Base64.urlDecode(String(rest.dropFirst())), secret.count == Self.secretBytes
        else { return nil }
        self.id = UUID(bytes: id)
        self.secret = String(rest.dropFirst())
    }

    /// The whole key, to be shown once.
    ///
    /// - Returns: 79 ASCII characters.
    public func reveal() -> String {
        let hex = id.uuidString.utf8.filter { $0 != UInt8(ascii: "-") }
        return "lc_\(String(decoding: hex, as: UTF8.self).lowercased())_\(secret)"
    }

    /// What is stored: the SHA-256 of the secret's 43 characters. A plain hash will do, as nobody can try out
    /// 2^256 secrets.
    public var hash: [UInt8] { Digests.sha256(Array(secret.utf8)) }

    /// Whether this is the key whose hash was stored; takes the same time either way.
    ///
    /// - Parameter stored: 32 bytes; for an unknown id, any other 32, so that the answer takes as long.
    /// - Returns: whether the hashes are equal.
    public func verify(against stored: [UInt8]) -> Bool { Digests.equal(hash, stored) }

    /// The id and nothing else.
    public var description: String { "APIKeySecret(\(id))" }

    /// Shows the id to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }

    private static let secretBytes = 32
    private static let length = 3 + 32 + 1 + 43
}
