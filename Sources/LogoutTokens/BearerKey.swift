/// What somebody presented behind `Authorization: Bearer`.
///
/// A key that Lastcall issued, or one that the operator chose and put into the settings. Printing shows which
/// of the two, and never the key.
public enum BearerKey: Sendable {
    /// A key of the form `lc_<id>_<secret>`.
    case issued(APIKeySecret)
    /// Any other text of 32 to 255 visible ASCII characters.
    case chosen(ChosenKey)

    /// Reads a presented key; `nil` for what can be neither.
    ///
    /// - Parameter text: everything behind `Bearer` and one space.
    public init?(_ text: String) {
        if let issued = APIKeySecret(text) {
            self = .issued(issued)
        } else if let chosen = ChosenKey(text) {
            self = .chosen(chosen)
        } else {
            return nil
        }
    }

    /// The SHA-256 to compare with what is stored or configured.
    public var hash: [UInt8] {
        switch self {
        case .issued(let key): key.hash
        case .chosen(let key): key.hash
        }
    }
}

/// A key that the operator chose: 32 to 255 visible ASCII characters.
///
/// Printing or mirroring shows nothing of it.
public struct ChosenKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let text: String

    /// Checks the text; `nil` where it is shorter, longer, or has a character outside `!` to `~`.
    ///
    /// - Parameter text: the key.
    public init?(_ text: String) {
        guard (32...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            return nil
        }
        self.text = text
    }

    /// The SHA-256 of the key's characters.
    public var hash: [UInt8] { Digests.sha256(Array(text.utf8)) }

    /// A fixed text.
    public var description: String { "ChosenKey" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
