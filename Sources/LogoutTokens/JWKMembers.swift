/// The members of a private or public JWK as they came in: names and text values.
///
/// What comes from outside is read by ``init(_:for:)``. Printing or mirroring shows names only.
///
/// Source: RFC 7517 §4, RFC 7518 §6, RFC 8037 §2.
public struct JWKMembers: Sendable, CustomStringConvertible, CustomReflectable {
    private let values: [String: String]

    /// Takes the members as they are; nothing is checked yet.
    ///
    /// - Parameter values: member names and their values.
    public init(_ values: [String: String]) {
        self.values = values
    }

    /// The value of a member; `nil` where it is absent.
    ///
    /// - Parameter name: the member's name, such as `kty`.
    public subscript(name: String) -> String? { values[name] }

    /// The same key under a name, for one algorithm.
    public func with(alg: SignatureAlgorithm, kid: String) -> JWKMembers {
        JWKMembers(values.merging(["alg": alg.rawValue, "kid": kid]) { $1 })
    }

    /// Names without values.
    public var description: String { "JWKMembers(\(values.keys.sorted().joined(separator: ", ")))" }

    /// Shows names without values to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["names": values.keys.sorted()]) }

    /// The text of a member that must be there.
    func required(_ name: String) throws(KeyError) -> String {
        guard let value = values[name] else { throw .missingMember(name) }
        return value
    }

    /// The bytes of a base64url member that must be there; `count` is the exact length, where it has one.
    func bytes(_ name: String, count: Int? = nil) throws(KeyError) -> [UInt8] {
        let text = try required(name)
        guard let bytes = try? Base64.urlDecode(text), bytes.count <= 2_048 else {
            throw .malformedMember(name)
        }
        guard count == nil || bytes.count == count else { throw .malformedMember(name) }
        return bytes
    }
}

extension JWKMembers {
    /// The algorithm that the JWK is for: its `alg`, or what its curve allows where it has none.
    ///
    /// An RSA key without `alg` could sign in six ways, so there the member is required.
    func signatureAlgorithm() throws(KeyError) -> SignatureAlgorithm {
        if let use = self["use"], use != "sig" { throw .unsupportedMember("use", value: use.excerpt) }
        let kind = try kind()
        guard let name = self["alg"] else {
            guard let only = kind.onlyAlgorithm else { throw .missingMember("alg") }
            return only
        }
        guard let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw .unsupportedMember("alg", value: name.excerpt)
        }
        guard kind.fits(algorithm) else { throw .doesNotFit(algorithm, found: kind.name) }
        return algorithm
    }

    private func kind() throws(KeyError) -> Kind {
        let type = try required("kty")
        switch type {
        case "RSA":
            return .rsa
        case "EC":
            let name = try required("crv")
            guard let curve = EllipticCurve(rawValue: name) else {
                throw .unsupportedMember("crv", value: name.excerpt)
            }
            return .ec(curve)
        case "OKP":
            let name = try required("crv")
            guard name == "Ed25519" else { throw .unsupportedMember("crv", value: name.excerpt) }
            return .ed25519
        default:
            throw .unsupportedMember("kty", value: type.excerpt)
        }
    }

    /// `kty` and `crv` together.
    private enum Kind {
        case rsa
        case ec(EllipticCurve)
        case ed25519

        var name: String {
            switch self {
            case .rsa: "RSA"
            case .ec(let curve): curve.rawValue
            case .ed25519: "Ed25519"
            }
        }

        var onlyAlgorithm: SignatureAlgorithm? {
            switch self {
            case .rsa: nil
            case .ec(let curve): curve.algorithm
            case .ed25519: .edDSA
            }
        }

        func fits(_ algorithm: SignatureAlgorithm) -> Bool {
            switch (self, algorithm.scheme) {
            case (.rsa, .rsaPKCS1), (.rsa, .rsaPSS), (.ed25519, .ed25519): true
            case (.ec(let curve), .ecdsa(let needed)): curve == needed
            default: false
            }
        }
    }
}

extension String {
    /// The first 16 characters: enough to recognise a wrong name, too few to spill what is not one.
    var excerpt: String { String(prefix(16)) }
}
