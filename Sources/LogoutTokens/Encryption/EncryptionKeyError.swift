/// Why no key of a client's JWK Set can be used. Never with a part of a key.
public enum EncryptionKeyError: Error, Sendable, Hashable {
    /// It is no object with an array `keys`.
    case notASet
    /// No key in it is meant for this algorithm.
    case noKey(KeyManagementAlgorithm)
    /// The key at this place, counted from 0, has a member that only its owner may know.
    case privateMember(index: Int, name: String)
    /// The key at this place cannot be used.
    case key(index: Int, KeyError)

    /// Where in the set, as the end of a JSON pointer; empty for the set itself.
    public var place: String {
        switch self {
        case .notASet, .noKey: ""
        case .privateMember(let index, let name): "/keys/\(index)/\(name)"
        case .key(let index, .missingMember(let name)), .key(let index, .malformedMember(let name)),
            .key(let index, .unsupportedMember(let name, _)):
            "/keys/\(index)/\(name)"
        case .key(let index, .kidMalformed): "/keys/\(index)/kid"
        case .key(let index, _): "/keys/\(index)"
        }
    }

    /// The rule that is broken, as one sentence.
    public var rule: String {
        switch self {
        case .notASet: "A JWK Set is an object with an array keys."
        case .noKey(let alg): "No key of the JWK Set can be used with \(alg.rawValue)."
        case .privateMember: "A JWK Set of a client must hold public keys only."
        case .key(_, .rsaBits(let bits)): "An RSA key must have 2048 to 8192 bits, not \(bits)."
        case .key(_, .rsaExponent): "The RSA key's public exponent is not allowed."
        case .key(_, .inconsistent): "The key is no point on its curve."
        case .key(_, .missingMember(let name)): "The key lacks \(name)."
        case .key(_, .malformedMember(let name)): "The key's \(name) is malformed."
        case .key(_, .unsupportedMember(let name, _)): "The key's \(name) is not supported."
        case .key(_, .kidMalformed): "A kid is 1 to 255 bytes of UTF-8 without control characters."
        case .key: "The key cannot be used."
        }
    }
}
