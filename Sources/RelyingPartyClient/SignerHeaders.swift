/// The headers of a call of a server of the operator's own, a signer or a collector of traces: JSON, with what the
/// operator has it sent besides.
///
/// Printing it shows nothing of them.
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

    /// Names that a request has anyway, and which would make it another request.
    private static let reserved: Set = [
        "host", "content-length", "content-type", "transfer-encoding", "expect", "connection", "te",
        "trailer",
    ]

    /// The headers of every call, the operator's among them; `nil` where one is no header, or one that is not the
    /// operator's to set. At most 64, each of at most 4,096 bytes.
    ///
    /// Source: RFC 9110 section 5.6.2, tokens, and section 5.5, field values.
    ///
    /// - Parameter fields: names and values.
    public init?(fields: [(name: String, value: String)]) {
        var lines = ["Expect:", "Content-Type: application/json", "Accept: application/json"]
        guard fields.count <= 64 else { return nil }
        for (name, value) in fields {
            let isToken = name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
            let isVisible = value.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            guard isToken, isVisible, !name.isEmpty, !value.isEmpty,
                name.utf8.count + value.utf8.count <= 4_096, !Self.reserved.contains(name.lowercased())
            else { return nil }
            lines.append("\(name): \(value)")
        }
        guard let list = SettingList(lines) else { return nil }
        self.list = list
    }

    /// That it is headers, and nothing of them.
    public var description: String { "SignerHeaders" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
