import COpenSSL

/// The parts of a key on their way into OpenSSL.
@safe
final class KeyParameters {
    private let builder: OpaquePointer
    /// The builder keeps pointers to what it was given, until the key is made.
    private var numbers: [OpaquePointer] = unsafe []
    private var buffers: [UnsafeMutableBufferPointer<CChar>] = unsafe []

    init() throws(KeyError) {
        unsafe builder = try present(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new")
    }

    deinit {
        unsafe OSSL_PARAM_BLD_free(builder)
        unsafe numbers.forEach { number in unsafe BN_clear_free(number) }
        unsafe buffers.forEach { buffer in unsafe buffer.deallocate() }
    }

    /// Adds a number given as big-endian bytes.
    func add(_ name: String, number bytes: [UInt8]) throws(KeyError) {
        let length = Int32(clamping: bytes.count)
        // A secure number makes the builder wipe its own copy too.
        let empty = unsafe try present(BN_secure_new(), "BN_secure_new")
        unsafe numbers.append(empty)
        let number = unsafe try present(BN_bin2bn(bytes, length, empty), "BN_bin2bn")
        unsafe try succeeded(OSSL_PARAM_BLD_push_BN(builder, kept(name), number), "add \(name)")
    }

    /// Adds a text.
    func add(_ name: String, text: String) throws(KeyError) {
        let length = text.utf8.count
        unsafe try succeeded(
            OSSL_PARAM_BLD_push_utf8_string(builder, kept(name), kept(text), length),
            "add \(name)"
        )
    }

    /// Adds a byte string.
    func add(_ name: String, bytes: [UInt8]) throws(KeyError) {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = unsafe buffer.initialize(from: bytes.lazy.map(CChar.init(bitPattern:)))
        unsafe buffers.append(buffer)
        unsafe try succeeded(
            OSSL_PARAM_BLD_push_octet_string(builder, kept(name), buffer.baseAddress, bytes.count),
            "add \(name)"
        )
    }

    /// Makes a key of this kind out of the parts, a pair unless told; what they say is checked later.
    ///
    /// - Returns: an EVP_PKEY that the caller owns.
    /// - Throws: ``KeyError/inconsistent`` where OpenSSL refuses the parts, such as a point off its curve.
    func makeKey(_ kind: String, selection: Int32 = lastcall_key_pair) throws(KeyError) -> OpaquePointer {
        let context = unsafe try present(
            EVP_PKEY_CTX_new_from_name(nil, kind, nil),
            "EVP_PKEY_CTX_new_from_name"
        )
        defer { unsafe EVP_PKEY_CTX_free(context) }
        let parameters = unsafe try present(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param")
        defer { unsafe OSSL_PARAM_free(parameters) }
        unsafe try succeeded(EVP_PKEY_fromdata_init(context), "EVP_PKEY_fromdata_init")
        var key: OpaquePointer?
        let made = unsafe EVP_PKEY_fromdata(context, &key, selection, parameters)
        ERR_clear_error()
        guard made == 1, let key = unsafe key else { throw .inconsistent }
        return unsafe key
    }

    /// A C string that lives as long as the builder, which keeps even the names by pointer alone.
    private func kept(_ text: String) -> UnsafePointer<CChar>? {
        let text = text.utf8CString
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
        _ = unsafe buffer.initialize(from: text)
        unsafe buffers.append(buffer)
        return unsafe UnsafePointer(buffer.baseAddress)
    }
}
