/// The headers of a call of a signer: JSON, with the operator's bearer token where there is one.
///
/// Printing it shows nothing of the token.
public struct SignerHeaders: Sendable, CustomStringConvertible, CustomReflectable {
    /// Shared by all calls; libcurl reads it and never changes it.
    let list: SettingList

    /// The headers of every call; `nil` where the token could end its line: it is visible ASCII, at most 4,096 bytes.
    ///
    /// - Parameter bearer: the token, if the signer asks for one.
    public init?(bearer: String?) {
        var lines = ["Expect:", "Content-Type: application/json", "Accept: application/json"]
        if let bearer {
            let isVisible = bearer.utf8.allSatisfy { (0x21...0x7e).contains($0) }
            guard isVisible, (1...4_096).contains(bearer.utf8.count) else { return nil }
            lines.append("Authorization: Bearer \(bearer)")
        }
        guard let list = SettingList(lines) else { return nil }
        self.list = list
    }

    /// That it is headers, and nothing of them.
    public var description: String { "SignerHeaders" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
