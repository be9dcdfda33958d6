import FoundationEssentials
import Glibc

/// Makes the `jti`s of one thread: version 4 UUIDs (RFC 9562 section 5.4) from the kernel's random bytes.
///
/// Foundation's `UUID()` opens and reads a device for each id, which is five system calls; here one call serves sixteen.
struct TokenIDs {
    /// The most that `getentropy` gives at once.
    private static let poolBytes = 256

    private var pool: [UInt8] = []

    /// An id that no other token has.
    mutating func next() -> UUID {
        if pool.isEmpty { fill() }
        let bytes = Array(pool.suffix(16))
        pool.removeLast(16)
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6] & 0x0F | 0x40, bytes[7],
                bytes[8] & 0x3F | 0x80, bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14],
                bytes[15]
            )
        )
    }

    private mutating func fill() {
        pool = Array(repeating: 0, count: Self.poolBytes)
        let code = unsafe pool.withUnsafeMutableBytes { bytes in
            unsafe getentropy(bytes.baseAddress, bytes.count)
        }
        // It fails where the kernel lacks the call, or bytes are asked for wrongly: never on a machine that runs this.
        precondition(code == 0, "getentropy: \(errno)")
    }
}
