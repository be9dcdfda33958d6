/// One connection to the sink, and what has come of a request that is not whole yet.
@safe
package final class SinkConnection {
    /// Its bytes.
    package let wire: Wire
    /// The position of the port that it came to.
    package let port: Int
    private var partial: [UInt8] = []
    private var firstByte: UInt64 = 0

    /// A connection that has just been accepted.
    package init(wire: Wire, port: Int) {
        self.wire = wire
        self.port = port
    }

    /// Reads what has come and hands over the body of each whole request, with the time of its first byte.
    ///
    /// - Returns: false where the connection is over.
    package func read(
        using buffer: UnsafeMutableRawBufferPointer,
        _ take: (UnsafeRawBufferPointer, UInt64) -> Bool
    )
        -> Bool
    {
        repeat {
            switch unsafe wire.read(into: buffer) {
            case .ended: return false
            case .later: return true
            case .moved(let count):
                if partial.isEmpty { firstByte = Moment.now }
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                guard unsafe self.take(bytes, take) else { return false }
            }
        } while wire.hasPending
        return true
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer, UInt64) -> Bool)
        -> Bool
    {
        guard !partial.isEmpty else {
            guard let consumed = unsafe requests(in: bytes, take) else { return false }
            if consumed < bytes.count { unsafe partial.append(contentsOf: bytes[consumed...]) }
            return true
        }
        unsafe partial.append(contentsOf: bytes)
        guard let consumed = unsafe partial.withUnsafeBytes({ bytes in unsafe requests(in: bytes, take) })
        else {
            return false
        }
        partial.removeFirst(consumed)
        return true
    }

    /// How many bytes made whole requests; `nil` where `take` gave up.
    private func requests(
        in bytes: UnsafeRawBufferPointer,
        _ take: (UnsafeRawBufferPointer, UInt64) -> Bool
    ) -> Int? {
        var consumed = 0
        while consumed < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            guard let frame = unsafe MessageFrame(rest), frame.count <= rest.count else { break }
            let body = unsafe UnsafeRawBufferPointer(rebasing: rest[frame.headCount..<frame.count])
            guard unsafe take(body, firstByte) else { return nil }
            consumed += frame.count
        }
        return consumed
    }
}
