import COpenSSL
import Foundation

/// A key pair of an RP, which decrypts the tokens that are encrypted for it; it shares no code with the signer.
///
/// `@unchecked Sendable`: the OpenSSL key is never changed after `init`.
@safe
public final class ClientKeyPair: @unchecked Sendable {
    /// What kinds there are; each has its own way into a JWK.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// RSA of 2048 bits.
        case rsa
        /// EC on P-256.
        case p256 = "P-256"
        /// EC on P-384.
        case p384 = "P-384"
        /// EC on P-521.
        case p521 = "P-521"
        /// X25519.
        case x25519 = "X25519"
    }

    /// What kind it is.
    public let kind: Kind
    /// Its `kid`, where it has one.
    public let kid: String?
    let key: OpaquePointer

    /// Makes a key pair.
    ///
    /// - Parameters:
    ///   - kind: what kind.
    ///   - kid: its `kid`; none unless told.
    ///   - rsaBits: the size of an RSA key.
    /// - Throws: ``CertificateError`` where OpenSSL refuses.
    public init(_ kind: Kind, kid: String? = nil, rsaBits: Int = 2048) throws {
        let made =
            switch kind {
            case .rsa: unsafe lastcall_generate_rsa(rsaBits)
            case .p256, .p384, .p521: unsafe lastcall_generate_ec(kind.rawValue)
            case .x25519: unsafe lastcall_generate_x25519()
            }
        guard let key = unsafe made else { throw CertificateError.refused(step: "generate key") }
        unsafe self.key = key
        self.kind = kind
        self.kid = kid
    }

    deinit {
        unsafe EVP_PKEY_free(key)
    }

    /// The public key as a JWK.
    ///
    /// - Parameter others: further members, such as `use`, each a JSON value; they come before the key's own.
    /// - Returns: a JSON object.
    public func jwk(_ others: [String: String] = [:]) -> String {
        var members: [(String, String)] = others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if let kid { members.append(("kid", "\"\(kid)\"")) }
        switch kind {
        case .rsa:
            members += [("kty", #""RSA""#), ("n", quoted(number("n"))), ("e", quoted(number("e")))]
        case .p256, .p384, .p521:
            members += [
                ("kty", #""EC""#), ("crv", "\"\(kind.rawValue)\""),
                ("x", quoted(number("qx", size: fieldBytes))),
                ("y", quoted(number("qy", size: fieldBytes))),
            ]
        case .x25519:
            var bytes = [UInt8](repeating: 0, count: 32)
            var length = bytes.count
            unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &length)
            members += [("kty", #""OKP""#), ("crv", #""X25519""#), ("x", quoted(bytes))]
        }
        return "{\(members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}"
    }

    /// A JWK Set of this key alone.
    ///
    /// - Parameter others: further members of the key.
    /// - Returns: a JSON object.
    public func jwks(_ others: [String: String] = [:]) -> String { #"{"keys": [\#(jwk(others))]}"# }

    private var fieldBytes: Int { kind == .p256 ? 32 : kind == .p384 ? 48 : 66 }

    private func quoted(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        return "\"\(text.replacing("=", with: ""))\""
    }

    private func number(_ name: String, size: Int? = nil) -> [UInt8] {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 else { return [] }
        defer { unsafe BN_free(number) }
        let count = unsafe size ?? Int((BN_num_bits(number) + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe BN_bn2binpad(number, &bytes, Int32(count))
        return bytes
    }
}
