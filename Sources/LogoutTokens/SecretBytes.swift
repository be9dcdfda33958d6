import COpenSSL

/// Secret bytes in one place of memory, which is wiped when the last reference goes.
///
/// `@unchecked Sendable`: the bytes never change between `init` and `deinit`.
@safe
final class SecretBytes: @unchecked Sendable {
    /// The first byte; valid for as long as this object.
    let start: UnsafeMutablePointer<UInt8>
    let count: Int

    /// Copies bytes; the caller wipes its own.
    init(copying bytes: [UInt8]) {
        count = bytes.count
        unsafe start = .allocate(capacity: max(1, bytes.count))
        unsafe start.initialize(from: bytes, count: bytes.count)
    }

    deinit {
        unsafe OPENSSL_cleanse(start, count)
        unsafe start.deallocate()
    }
}

extension [UInt8] {
    /// Overwrites a secret that is needed no more.
    mutating func cleanse() {
        unsafe OPENSSL_cleanse(&self, count)
    }
}
