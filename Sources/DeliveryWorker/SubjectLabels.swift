import LogoutModel
import LogoutTokens

/// What logs say of who is logged out. A `sub` or a `sid` gets into a log by this type alone.
///
/// A hashed label is 16 hexadecimal digits, the same in every process of an installation: HMAC-SHA-256 under a key of
/// the installation, over the member's name, the issuer's URL and the value. One subject of two issuers has two labels,
/// and so has a text that is both a `sub` and a `sid`.
public struct SubjectLabels: Sendable {
    /// How much is said: the setting `log_subjects`.
    public enum Form: String, Sendable, Hashable, CaseIterable {
        /// A label, which only the installation can make.
        case hashed
        /// The value itself.
        case plain
        /// Nothing.
        case none
    }

    /// What is labelled.
    public enum Member: String, Sendable, Hashable, CaseIterable {
        /// The user, as the RP knows them.
        case sub
        /// The session, as the RP knows it.
        case sid
    }

    /// Labels that say nothing.
    public static let none = SubjectLabels(.none, key: [])

    private let form: Form
    private let key: [UInt8]

    private init(_ form: Form, key: [UInt8]) {
        self.form = form
        self.key = key
    }

    /// Labels that tell nothing to whoever has not the installation's secret.
    public static func hashed(installationSecret: [UInt8]) -> SubjectLabels {
        SubjectLabels(
            .hashed,
            key: Digests.hmacSHA256(key: installationSecret, Array("lastcall log labels".utf8))
        )
    }

    /// The values themselves.
    public static let plain = SubjectLabels(.plain, key: [])

    /// What a log may say of a value.
    ///
    /// - Parameters:
    ///   - member: what the value is.
    ///   - value: as the RP knows it.
    ///   - issuer: the `iss` of its tokens.
    /// - Returns: `nil` where nothing may be said.
    public func label(_ member: Member, _ value: String, of issuer: String) -> String? {
        switch form {
        case .none: return nil
        case .plain: return value
        case .hashed:
            // Neither a member's name nor a URL has a line feed in it.
            let text = Array("\(member.rawValue)\n\(issuer)\n\(value)".utf8)
            return Hex.encode(Digests.hmacSHA256(key: key, text).prefix(8))
        }
    }
}
