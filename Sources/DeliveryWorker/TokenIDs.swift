import FoundationEssentials
import Glibc
import LogoutModel

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
        defer { pool.removeLast(16) }
        return UUID(bytes: Array(pool.suffix(16)), version: 4)
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
