/// A load client's connection: the request that it sends, and the answer that it reads.
@safe
final class LeanConnection {
    /// What reading has come to.
    enum Answer {
        /// It is not whole yet.
        case partial
        /// Its status and its body.
        case whole(status: UInt16, body: ArraySlice<UInt8>)
        /// The connection is over before its answer.
        case ended
    }

    let wire: Wire
    /// The number of the request that is under way.
    var number: Int?
    private var unsent: ArraySlice<UInt8> = []
    private var partial: [UInt8] = []

    init(wire: Wire) {
        self.wire = wire
    }

    /// Sends a request, or as much as there is room for.
    func send(_ request: [UInt8]) -> Wire.Step {
        unsent = request[...]
        return sendRest()
    }

    /// Sends on: `later` while something is left.
    func sendRest() -> Wire.Step {
        while !unsent.isEmpty {
            switch unsafe unsent.withUnsafeBytes({ bytes in unsafe wire.write(bytes) }) {
            case .moved(let count): unsent = unsent.dropFirst(count)
            case .later: return .later
            case .ended: return .ended
            }
        }
        return .moved(0)
    }

    /// Reads what has come of the answer.
    func read(using buffer: UnsafeMutableRawBufferPointer, wantsBody: Bool) -> Answer {
        repeat {
            switch unsafe wire.read(into: buffer) {
            case .ended: return .ended
            case .later: return .partial
            case .moved(let count):
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if partial.isEmpty {
                    if let answer = unsafe Self.answer(in: bytes, wantsBody) { return answer }
                    unsafe partial.append(contentsOf: bytes)
                    continue
                }
                unsafe partial.append(contentsOf: bytes)
                let answer = unsafe partial.withUnsafeBytes { bytes in
                    unsafe Self.answer(in: bytes, wantsBody)
                }
                if let answer {
                    partial.removeAll(keepingCapacity: true)
                    return answer
                }
            }
        } while wire.hasPending
        return .partial
    }

    private static func answer(in bytes: UnsafeRawBufferPointer, _ wantsBody: Bool) -> Answer? {
        guard let frame = unsafe MessageFrame(bytes), frame.count <= bytes.count else { return nil }
        var status: UInt16 = 0
        // "HTTP/1.1 " and three digits.
        unsafe bytes.dropFirst(9).prefix(3).forEach { digit in status = status &* 10 &+ UInt16(digit & 15) }
        let body = unsafe wantsBody ? Array(bytes[frame.headCount..<frame.count]) : []
        return .whole(status: status, body: body[...])
    }
}
