/// The headers of a Security Event Token that is pushed to a receiver, its credential among them where it has one.
///
/// Printing it shows nothing of the credential.
///
/// Source: RFC 8935 §2, the request; OpenID Shared Signals Framework 1.0, "Push Delivery using HTTP", the credential.
public struct PushHeaders: Sendable, CustomStringConvertible, CustomReflectable {
    /// Shared by all requests to the receiver; libcurl reads it and never changes it.
    let list: SettingList
    /// What it is made of.
    let lines: [String]
    /// What is cut out of the receiver's text: the value and the credential in it, longest first.
    private let secrets: [[UInt8]]

    /// A credential shorter than this is not looked for: it would be found in words.
    private static let shortestCredential = 8

    /// The headers of every push to one receiver; `nil` where the value could end its line: visible ASCII and spaces, at most
    /// 2,048 bytes.
    ///
    /// - Parameter authorization: the value of the `Authorization` header, if the receiver asks for one.
    public init?(authorization: String?) {
        var lines = ["Expect:", "Content-Type: application/secevent+jwt", "Accept: application/json"]
        var secrets: [[UInt8]] = []
        if let authorization {
            let bytes = Array(authorization.utf8)
            guard bytes.allSatisfy({ (0x20...0x7e).contains($0) }), (1...2_048).contains(bytes.count) else {
                return nil
            }
            lines.append("Authorization: \(authorization)")
            secrets = [bytes] + bytes.split(separator: UInt8(ascii: " ")).dropFirst().map { Array($0) }
            secrets = secrets.filter { $0.count >= Self.shortestCredential }.sorted { $0.count > $1.count }
        }
        guard let list = SettingList(lines) else { return nil }
        self.list = list
        self.lines = lines
        self.secrets = secrets
    }

    /// A receiver's text without its credential, whatever it was echoed for.
    func removed(from bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.first {
            if let secret = secrets.first(where: { rest.starts(with: $0) }) {
                kept += Array(TokenTrace.replacement.utf8)
                rest = rest.dropFirst(secret.count)
            } else {
                kept.append(first)
                rest = rest.dropFirst()
            }
        }
        return kept
    }

    /// That it is headers, and nothing of them.
    public var description: String { "PushHeaders" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
