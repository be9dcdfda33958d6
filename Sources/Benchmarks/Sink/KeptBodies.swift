internal import Glibc

/// The bodies that a sink has received, one behind the other in memory that is reserved once: keeping one costs a copy.
@safe
final class KeptBodies {
    /// One body.
    @safe
    struct Body {
        /// When its first byte was read, on `CLOCK_MONOTONIC`, in nanoseconds.
        let firstByte: UInt64
        /// Which port it came to, by position.
        let port: Int
        let bytes: UnsafeRawBufferPointer
    }

    private let reserved: Int
    private static let headCount = 16
    private let start: UnsafeMutableRawPointer
    private var used = 0

    /// - Throws: ``WireError/system(step:code:)``.
    init(reserving reserved: Int) throws(WireError) {
        self.reserved = reserved
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let start = unsafe mmap(nil, reserved, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe start != MAP_FAILED
        else { throw .system(step: "reserve memory", code: errno) }
        unsafe self.start = start
    }

    deinit {
        unsafe munmap(start, reserved)
    }

    /// Whether a body of the usual size might not fit any more.
    var isFull: Bool { used > reserved - (1 << 20) }

    /// Keeps a body; false where it does not fit.
    func keep(_ body: UnsafeRawBufferPointer, port: Int, firstByte: UInt64) -> Bool {
        let place = unsafe start + used
        let next = used + Self.headCount + (body.count + 7) & ~7
        guard next <= reserved, let bytes = body.baseAddress else { return false }
        unsafe place.storeBytes(of: firstByte, as: UInt64.self)
        unsafe place.storeBytes(of: UInt32(port), toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: UInt32(body.count), toByteOffset: 12, as: UInt32.self)
        unsafe (place + Self.headCount).copyMemory(from: bytes, byteCount: body.count)
        used = next
        return true
    }

    /// Hands over each body in the order of arrival.
    func forEach(_ take: (Body) -> Void) {
        var place = 0
        while place < used {
            let head = unsafe start + place
            let count = Int(unsafe head.load(fromByteOffset: 12, as: UInt32.self))
            let bytes = unsafe UnsafeRawBufferPointer(start: head + Self.headCount, count: count)
            unsafe take(
                Body(
                    firstByte: head.load(as: UInt64.self),
                    port: Int(head.load(fromByteOffset: 8, as: UInt32.self)),
                    bytes: bytes
                )
            )
            place += Self.headCount + (count + 7) & ~7
        }
    }

    /// Forgets all bodies; the memory is kept, so that the next ones find it warm.
    func removeAll() {
        used = 0
    }
}
