internal import COpenSSL
internal import LogoutTokens

/// The least that a signed token costs: a payload written over the last one, behind a header that is encoded once, and
/// OpenSSL with contexts that are set up once.
@safe
final class SigningLoop {
    private let digest: OpaquePointer
    private let digestContext: OpaquePointer
    private let keyContext: OpaquePointer
    private let isRSA: Bool
    private let header: [UInt8]
    private var hash = [UInt8](repeating: 0, count: 32)
    private var signature = [UInt8](repeating: 0, count: 512)
    private var serial: UInt64 = 0

    init(_ key: BenchmarkKey, kid: String) throws(BenchmarkError) {
        guard let digest = unsafe EVP_MD_fetch(nil, "SHA256", nil),
            let digestContext = unsafe EVP_MD_CTX_new(),
            let keyContext = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.handle, nil),
            unsafe EVP_PKEY_sign_init(keyContext) == 1,
            unsafe EVP_PKEY_CTX_set_signature_md(keyContext, digest) == 1
        else { throw BenchmarkError("OpenSSL signs with no \(key.algorithm)") }
        unsafe (self.digest, self.digestContext, self.keyContext) = unsafe (digest, digestContext, keyContext)
        isRSA = key.algorithm == "RS256"
        let json = #"{"alg":"\#(key.algorithm)","typ":"logout+jwt","kid":"\#(kid)"}"#
        header = Array(Base64.urlEncode(Array(json.utf8)).utf8) + [0x2E]
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(keyContext)
        unsafe EVP_MD_CTX_free(digestContext)
        unsafe EVP_MD_free(digest)
    }

    /// Signs as many tokens as this.
    ///
    /// - Returns: the last token, and CPU microseconds of this thread for each.
    func run(_ count: Int) throws(BenchmarkError) -> (token: [UInt8], microseconds: Double) {
        var token: [UInt8] = []
        token.reserveCapacity(2_048)
        let start = Moment.threadCPU
        for _ in 0..<count { try sign(into: &token) }
        return (token, Double(Moment.threadCPU - start) / 1_000 / Double(max(1, count)))
    }

    private func sign(into token: inout [UInt8]) throws(BenchmarkError) {
        serial &+= 1
        token.removeAll(keepingCapacity: true)
        token += header
        Self.encode(payload(), to: &token)
        var length = signature.count
        guard unsafe EVP_DigestInit_ex2(digestContext, digest, nil) == 1,
            unsafe EVP_DigestUpdate(digestContext, token, token.count) == 1,
            unsafe EVP_DigestFinal_ex(digestContext, &hash, nil) == 1,
            unsafe EVP_PKEY_sign(keyContext, &signature, &length, hash, hash.count) == 1
        else { throw BenchmarkError("OpenSSL does not sign") }
        token.append(0x2E)
        Self.encode(isRSA ? signature[..<length] : try joined(length), to: &token)
    }

    /// The claims of a usual token, its `jti`, times, `sub` and `sid` new.
    private func payload() -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += Self.opening.utf8
        for place in (0..<16).reversed() { bytes.append(Self.hex[Int(serial >> UInt64(place * 4) & 15)]) }
        bytes += Self.ending.utf8
        return bytes[...]
    }

    private static let hex = Array("0123456789abcdef".utf8)
    private static let opening =
        #"{"iss":"https://op.example.com","aud":"c123","iat":1794000000,"exp":1794000120,"sub":"user-12345","sid":"s-12345-123","jti":"0199a7c2-1111-7222-"#
    private static let ending = #"","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}"#

    /// `r || s` of an ECDSA signature in DER, without parsing it into numbers.
    private func joined(_ length: Int) throws(BenchmarkError) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: 64)
        var place = 2
        for half in 0..<2 {
            guard place + 2 <= length, case let count = Int(signature[place + 1]), place + 2 + count <= length
            else {
                throw BenchmarkError("OpenSSL's signature is no DER")
            }
            let skipped = max(0, count - 32)
            let digits = signature[(place + 2 + skipped)..<(place + 2 + count)]
            bytes.replaceSubrange((half * 32 + 32 - digits.count)..<(half * 32 + 32), with: digits)
            place += 2 + count
        }
        return bytes[...]
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
    )

    /// base64url without padding.
    private static func encode(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        unsafe alphabet.withUnsafeBufferPointer { alphabet in
            var (value, bits) = (UInt32(0), 0)
            for byte in bytes {
                value = value << 8 | UInt32(byte)
                bits += 8
                while bits >= 6 {
                    bits -= 6
                    unsafe text.append(alphabet[Int(value >> UInt32(bits) & 63)])
                }
                value &= (1 << UInt32(bits)) - 1
            }
            if bits > 0 { unsafe text.append(alphabet[Int(value << UInt32(6 - bits) & 63)]) }
        }
    }
}
