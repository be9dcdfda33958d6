import COpenSSL

/// An EVP_PKEY of OpenSSL with one owner.
///
/// `@unchecked Sendable`: the key is never changed once it is here, OpenSSL counts its references atomically
/// and locks the caches inside it (RSA blinding, Montgomery forms).
@safe
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a key that OpenSSL made.
    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// OpenSSL's name for the kind of key: `RSA`, `RSA-PSS`, `EC`, `ED25519` and others.
    var kind: String {
        guard let name = unsafe EVP_PKEY_get0_type_name(pointer) else { return "unknown" }
        return unsafe String(cString: name)
    }

    /// The name of an EC key's curve; `nil` for other keys and for curves without a name.
    var groupName: String? {
        var name = [CChar](repeating: 0, count: 80)
        var length = 0
        guard unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 else { return nil }
        return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A number that the key is made of, such as `n` or `qx`.
    func number(_ name: String) throws(KeyError) -> BigNumber {
        var number: OpaquePointer?
        unsafe try succeeded(EVP_PKEY_get_bn_param(pointer, name, &number), "EVP_PKEY_get_bn_param \(name)")
        return unsafe BigNumber(adopting: try present(number, "EVP_PKEY_get_bn_param \(name)"))
    }

    /// The 32 public bytes of an Ed25519 key.
    func rawPublicKey() throws(KeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = bytes.count
        unsafe try succeeded(
            EVP_PKEY_get_raw_public_key(pointer, &bytes, &length),
            "EVP_PKEY_get_raw_public_key"
        )
        return bytes
    }

    /// Whether the private part is there and fits the public part; for RSA also whether the primes are prime.
    ///
    /// Takes about 25 ms for RSA of 2048 bits, 190 ms for 4096 and 3 s for 8192.
    func isConsistent() throws(KeyError) -> Bool {
        let context = unsafe try present(
            EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil),
            "EVP_PKEY_CTX_new_from_pkey"
        )
        defer { unsafe EVP_PKEY_CTX_free(context) }
        defer { ERR_clear_error() }
        return unsafe EVP_PKEY_check(context) == 1
    }
}
