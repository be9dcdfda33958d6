internal import CEpoll
internal import Glibc

/// Where the head of an HTTP/1.1 message ends and how long its body is, read from bytes that may be cut anywhere.
@safe
struct MessageFrame {
    /// The bytes of the head, its empty line included.
    let headCount: Int
    /// The bytes of the body.
    let bodyCount: Int

    /// The head and the body.
    var count: Int { headCount + bodyCount }

    /// `nil` where the head is not whole yet.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let end = unsafe Self.find("\r\n\r\n", in: bytes) else { return nil }
        headCount = end + 4
        let head = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<headCount])
        guard
            let name = unsafe Self.find("Content-Length:", in: head) ?? Self.find("content-length:", in: head)
        else {
            bodyCount = 0
            return
        }
        var number = 0
        var place = name + 15
        while unsafe head[place] == UInt8(ascii: " ") { place += 1 }
        while case let digit = unsafe head[place], digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            number = min(number * 10 + Int(digit & 15), 1 << 30)
            place += 1
        }
        bodyCount = number
    }

    /// The first place of a text in bytes.
    static func find(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress,
            let place = unsafe lastcall_find(
                start,
                UInt(bytes.count),
                text.utf8Start,
                UInt(text.utf8CodeUnitCount)
            )
        else { return nil }
        return unsafe UnsafeRawPointer(place) - start
    }
}
