import COpenSSL

/// A BIGNUM of OpenSSL with one owner; its memory is wiped when it ends.
@safe
struct BigNumber: ~Copyable {
    let handle: OpaquePointer

    init() throws(KeyError) {
        unsafe handle = try present(BN_new(), "BN_new")
    }

    /// Takes over a number that OpenSSL made.
    init(adopting handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    /// Reads a big-endian number.
    init(_ bytes: [UInt8]) throws(KeyError) {
        unsafe handle = try present(BN_bin2bn(bytes, Int32(clamping: bytes.count), nil), "BN_bin2bn")
    }

    deinit {
        unsafe BN_clear_free(handle)
    }

    /// The number as big-endian bytes without leading zeros; RFC 7518 §2, Base64urlUInt.
    func bytes() throws(KeyError) -> [UInt8] {
        unsafe try bytes(count: max(1, Int((BN_num_bits(handle) + 7) / 8)))
    }

    /// The number as exactly this many big-endian bytes.
    func bytes(count: Int) throws(KeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let written = unsafe BN_bn2binpad(handle, &bytes, Int32(clamping: count))
        guard written == Int32(clamping: count) else { throw OpenSSLFailure.key("BN_bn2binpad") }
        return bytes
    }
}
