/// A public signing key as the OP publishes it in its JWK Set.
///
/// Shape: `kty`, `use` (always `sig`), `alg`, `kid`, then the key itself; always in that order, so the same
/// key gives the same bytes.
///
/// Source: RFC 7517 §4, RFC 7518 §6, RFC 8037 §2.
public struct PublicJWK: Sendable, Hashable {
    /// The key itself; every text is base64url without padding.
    enum Material: Sendable, Hashable {
        case rsa(n: String, e: String)
        case ec(EllipticCurve, x: String, y: String)
        case ed25519(x: String)
    }

    /// The `kid` that headers of tokens name.
    public let kid: String

    /// The one algorithm that the key is used with.
    public let algorithm: SignatureAlgorithm

    let material: Material

    init(kid: String, algorithm: SignatureAlgorithm, material: Material) {
        self.kid = kid
        self.algorithm = algorithm
        self.material = material
    }

    /// Reads a stored public JWK; members that are not part of one, private ones too, are left out.
    ///
    /// - Parameter members: `kty`, `alg`, `kid` and the key itself, as ``json`` writes them.
    /// - Throws: ``KeyError``, naming the member at fault.
    public init(_ members: JWKMembers) throws(KeyError) {
        kid = try SigningKey.checkedKid(members.required("kid"))
        algorithm = try members.signatureAlgorithm()
        switch algorithm.scheme {
        case .rsaPKCS1, .rsaPSS:
            _ = try (members.bytes("n"), members.bytes("e"))
            material = .rsa(n: try members.required("n"), e: try members.required("e"))
        case .ecdsa(let curve):
            let size = curve.fieldBytes
            _ = try (members.bytes("x", count: size), members.bytes("y", count: size))
            material = .ec(curve, x: try members.required("x"), y: try members.required("y"))
        case .ed25519:
            _ = try members.bytes("x", count: 32)
            material = .ed25519(x: try members.required("x"))
        }
    }

    /// The base64url thumbprint of the key, 43 characters.
    ///
    /// Source: RFC 7638.
    public var thumbprint: String { material.thumbprint }

    /// The JSON object, UTF-8, without whitespace.
    public var json: [UInt8] {
        var json = JSONObjectWriter()
        switch material {
        case .rsa: json.member("kty", "RSA")
        case .ec: json.member("kty", "EC")
        case .ed25519: json.member("kty", "OKP")
        }
        json.member("use", "sig")
        json.member("alg", algorithm.rawValue)
        json.member("kid", kid)
        switch material {
        case .rsa(let n, let e):
            json.member("n", n)
            json.member("e", e)
        case .ec(let curve, let x, let y):
            json.member("crv", curve.rawValue)
            json.member("x", x)
            json.member("y", y)
        case .ed25519(let x):
            json.member("crv", "Ed25519")
            json.member("x", x)
        }
        return json.finish()
    }
}

extension PublicJWK.Material {
    /// The base64url SHA-256 over the required members in lexicographic order.
    ///
    /// Source: RFC 7638 §3, RFC 8037 §2 for `OKP`.
    var thumbprint: String {
        var json = JSONObjectWriter()
        switch self {
        case .rsa(let n, let e):
            json.member("e", e)
            json.member("kty", "RSA")
            json.member("n", n)
        case .ec(let curve, let x, let y):
            json.member("crv", curve.rawValue)
            json.member("kty", "EC")
            json.member("x", x)
            json.member("y", y)
        case .ed25519(let x):
            json.member("crv", "Ed25519")
            json.member("kty", "OKP")
            json.member("x", x)
        }
        return Base64.urlEncode(Digests.sha256(json.finish()))
    }
}
