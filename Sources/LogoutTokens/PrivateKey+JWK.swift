import COpenSSL

extension PrivateKey {
    /// Reads a private JWK: RSA (with or without the factors), EC or Ed25519.
    ///
    /// The algorithm is its `alg`; EC and OKP keys may leave it out. Coordinates and private scalars of EC
    /// have the full length of the curve (RFC 7518 §6.2).
    ///
    /// - Parameter jwk: its members; `kid` is the caller's to keep.
    /// - Throws: ``KeyError``, naming the member at fault; ``KeyError/inconsistent`` where public and private
    ///   part disagree.
    public convenience init(jwk: JWKMembers) throws(KeyError) {
        let algorithm = try jwk.signatureAlgorithm()
        ERR_clear_error()
        let handle: KeyHandle
        switch algorithm.scheme {
        case .rsaPKCS1, .rsaPSS: handle = try KeyHandle(rsa: jwk)
        case .ecdsa(let curve): handle = try KeyHandle(jwk, on: curve)
        case .ed25519: handle = try KeyHandle(ed25519: jwk)
        }
        try self.init(handle, for: algorithm, consistent: false)
    }
}

extension KeyHandle {
    fileprivate convenience init(rsa jwk: JWKMembers) throws(KeyError) {
        if jwk["oth"] != nil { throw .unsupportedMember("oth", value: "more than two primes") }
        let n = try jwk.bytes("n")
        let e = try jwk.bytes("e")
        let d = try jwk.bytes("d")
        let optional = ["p", "q", "dp", "dq", "qi"]
        let factors: RSAFactors
        // RFC 7518 §6.3.2: whoever gives one of these gives them all.
        if optional.contains(where: { jwk[$0] != nil }) {
            factors = RSAFactors(
                p: try jwk.bytes("p"),
                q: try jwk.bytes("q"),
                dp: try jwk.bytes("dp"),
                dq: try jwk.bytes("dq"),
                qi: try jwk.bytes("qi")
            )
        } else {
            factors = try RSAFactors(n: n, e: e, d: d)
        }
        let parameters = try KeyParameters()
        try parameters.add(OSSL_PKEY_PARAM_RSA_N, number: n)
        try parameters.add(OSSL_PKEY_PARAM_RSA_E, number: e)
        try parameters.add(OSSL_PKEY_PARAM_RSA_D, number: d)
        // The names of EVP_PKEY-RSA(7): the header pastes these five together, which Swift does not import.
        try parameters.add("rsa-factor1", number: factors.p)
        try parameters.add("rsa-factor2", number: factors.q)
        try parameters.add("rsa-exponent1", number: factors.dp)
        try parameters.add("rsa-exponent2", number: factors.dq)
        try parameters.add("rsa-coefficient1", number: factors.qi)
        unsafe self.init(adopting: try parameters.makeKey("RSA"))
    }

    fileprivate convenience init(_ jwk: JWKMembers, on curve: EllipticCurve) throws(KeyError) {
        let size = curve.fieldBytes
        let point = try [4] + jwk.bytes("x", count: size) + jwk.bytes("y", count: size)
        let parameters = try KeyParameters()
        try parameters.add(OSSL_PKEY_PARAM_GROUP_NAME, text: curve.groupName)
        try parameters.add(OSSL_PKEY_PARAM_PUB_KEY, bytes: point)
        try parameters.add(OSSL_PKEY_PARAM_PRIV_KEY, number: jwk.bytes("d", count: size))
        unsafe self.init(adopting: try parameters.makeKey("EC"))
    }

    fileprivate convenience init(ed25519 jwk: JWKMembers) throws(KeyError) {
        let x = try jwk.bytes("x", count: 32)
        let d = try jwk.bytes("d", count: 32)
        let made = unsafe EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, d, d.count)
        unsafe self.init(adopting: try present(made, "EVP_PKEY_new_raw_private_key_ex"))
        // OpenSSL derives the public half from the private one, so nothing later could see the difference.
        guard try rawPublicKey() == x else { throw .inconsistent }
    }
}
