public import StrictJSON

/// A client's JWK Set, and which of its keys tokens are encrypted for.
///
/// The first key in the order of the set counts whose `kty` and `crv` fit, whose `use` is `enc` or absent, whose `alg`
/// is the wanted one or absent, and whose `key_ops` permit it: the same set always gives the same key. Keys of other
/// kinds, and kinds that nobody knows yet, are passed over.
///
/// Source: RFC 7517 §4 and §5.
public struct EncryptionKeySet: Sendable {
    private let keys: [JSON]

    /// Private and symmetric parts, which nobody may publish. Source: RFC 7518 §6.2.2, §6.3.2 and §6.4.
    static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Takes a set; its keys are looked at later.
    ///
    /// - Parameter set: an object with an array `keys`.
    /// - Throws: ``EncryptionKeyError/notASet``.
    public init(_ set: JSON) throws(EncryptionKeyError) {
        guard case .object(let object) = set, case .array(let keys)? = object["keys"] else { throw .notASet }
        self.keys = keys
    }

    /// Refuses a set that gives away a private key.
    ///
    /// - Throws: ``EncryptionKeyError/privateMember(index:name:)`` for the first one.
    public func checkPublic() throws(EncryptionKeyError) {
        for (index, key) in keys.enumerated() {
            guard case .object(let members) = key else { continue }
            if let name = Self.privateMember(of: members) { throw .privateMember(index: index, name: name) }
        }
    }

    /// The key for an algorithm.
    ///
    /// - Parameter alg: what it is to be used with.
    /// - Returns: the first usable one.
    /// - Throws: ``EncryptionKeyError``: what is wrong with the first key that is meant for it, where there is one.
    public func key(for alg: KeyManagementAlgorithm) throws(EncryptionKeyError) -> EncryptionKey {
        var defect: EncryptionKeyError?
        for (index, key) in keys.enumerated() {
            guard case .object(let members) = key, Self.isMeant(members, for: alg) else { continue }
            do throws(EncryptionKeyError) {
                if let name = Self.privateMember(of: members) {
                    throw .privateMember(index: index, name: name)
                }
                return try Self.read(members, at: index)
            } catch {
                defect = defect ?? error
            }
        }
        throw defect ?? .noKey(alg)
    }

    private static func read(_ members: JSONObject, at index: Int) throws(EncryptionKeyError) -> EncryptionKey
    {
        var values: [String: String] = [:]
        for member in members.members {
            if case .string(let value) = member.value { values[member.name] = value }
        }
        do {
            return try EncryptionKey(JWKMembers(values))
        } catch {
            throw .key(index: index, error)
        }
    }

    private static func privateMember(of key: JSONObject) -> String? {
        privateMembers.first { key[$0] != nil }
    }

    private static func isMeant(_ key: JSONObject, for alg: KeyManagementAlgorithm) -> Bool {
        let curves = ["P-256", "P-384", "P-521"]
        switch key["kty"] {
        case .string("RSA"): guard alg.isRSA else { return false }
        case .string("EC"):
            guard !alg.isRSA, case .string(let curve)? = key["crv"], curves.contains(curve) else {
                return false
            }
        case .string("OKP"): guard !alg.isRSA, key["crv"] == .string("X25519") else { return false }
        default: return false
        }
        guard key["use"] == nil || key["use"] == .string("enc") else { return false }
        guard key["alg"] == nil || key["alg"] == .string(alg.rawValue) else { return false }
        guard let operations = key["key_ops"] else { return true }
        guard case .array(let operations) = operations else { return false }
        // RFC 7517 §4.3: what the owner of the public key lets others do with it.
        let permitting = alg.isRSA ? ["encrypt", "wrapKey"] : ["deriveKey", "deriveBits"]
        return permitting.contains { operations.contains(.string($0)) }
    }
}
