internal import COpenSSL
internal import LogoutTokens
internal import StrictJSON

/// A public key as the product's JWK Set serves it, which checks the tokens that relying parties got.
@safe
final class ServedKey {
    let kid: String
    let algorithm: String
    private let handle: OpaquePointer

    /// Takes the key for an algorithm out of a JWK Set.
    init(_ set: JSON, algorithm: String) throws(BenchmarkError) {
        guard case .array(let keys)? = set["keys"],
            let key = keys.first(where: { $0["alg"]?.string == algorithm }),
            let kid = key["kid"]?.string,
            let handle = unsafe Self.key(key)
        else { throw BenchmarkError("the JWK Set has no key for \(algorithm)") }
        self.kid = kid
        self.algorithm = algorithm
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// What is wrong with a token; `nil` where its signature is this key's and it says what it must.
    func defect(of token: String, issuer: String, audience: String) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let signature = try? Base64.urlDecode(parts[2]),
            let header = Self.json(parts[0]), let claims = Self.json(parts[1])
        else { return "no compact JWS" }
        guard header["alg"]?.string == algorithm, header["kid"]?.string == kid,
            header["typ"]?.string == "logout+jwt"
        else { return "another header" }
        guard claims["iss"]?.string == issuer, claims["aud"]?.string == audience,
            claims["events"]?["http://schemas.openid.net/event/backchannel-logout"] != nil
        else { return "other claims" }
        return verifies(signature, of: Array("\(parts[0]).\(parts[1])".utf8)) ? nil : "another signature"
    }

    private static func json(_ part: String) -> JSON? {
        (try? Base64.urlDecode(part)).flatMap { try? JSON.parse($0) }
    }

    private func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit_ex(context, nil, "SHA256", nil, nil, handle, nil) == 1 else {
            return false
        }
        let bytes =
            algorithm == "ES256" ? Self.sequence(signature.prefix(32), signature.suffix(32)) : signature
        return unsafe EVP_DigestVerify(context, bytes, bytes.count, message, message.count) == 1
    }

    /// The OpenSSL key of a JWK: EC by its SubjectPublicKeyInfo (RFC 5480 §2), RSA by its RSAPublicKey (RFC 8017 A.1.1).
    private static func key(_ jwk: JSON) -> OpaquePointer? {
        func bytes(_ name: String) -> [UInt8]? {
            jwk[name]?.string.flatMap { try? Base64.urlDecode($0) }
        }
        if let x = bytes("x"), let y = bytes("y") {
            let der = p256Head + x + y
            return unsafe der.withUnsafeBufferPointer { der in
                var cursor = der.baseAddress
                return unsafe d2i_PUBKEY(nil, &cursor, der.count)
            }
        }
        guard let n = bytes("n"), let e = bytes("e") else { return nil }
        let der = sequence(n[...], e[...])
        return unsafe der.withUnsafeBufferPointer { der in
            var cursor = der.baseAddress
            return unsafe d2i_PublicKey(EVP_PKEY_RSA, nil, &cursor, der.count)
        }
    }

    /// What stands before the point of a P-256 key: the algorithm, the curve, an uncompressed point in a bit string.
    private static let p256Head: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
        0x48, 0xCE,
        0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]

    /// A DER SEQUENCE of two INTEGERs.
    private static func sequence(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> [UInt8] {
        tagged(0x30, integer(first) + integer(second))
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        return tagged(0x02, (digits.first.map { $0 >= 0x80 } ?? true ? [0] : []) + digits)
    }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 0x80
            ? [UInt8(count)]
            : count < 0x100 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
        return [tag] + length + content
    }
}
