/// What the sink reads of a signed logout token, without judging it: enough to tell one from another.
struct TokenMembers {
    let jti: [UInt8]
    let sub: [UInt8]
    let sid: [UInt8]

    /// Which letter of the URL-safe alphabet stands for which six bits; 255 for all others.
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: 255, count: 256)
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
        for (value, letter) in letters.enumerated() { digits[Int(letter)] = UInt8(value) }
        return digits
    }()

    /// Reads the body of a logout request; `nil` where it holds no token with a `jti`.
    init?(body: UnsafeRawBufferPointer) {
        let dot = UInt8(ascii: ".")
        guard let first = unsafe body.firstIndex(of: dot), let last = unsafe body.lastIndex(of: dot),
            first < last
        else { return nil }
        let payload = unsafe Self.decode(UnsafeRawBufferPointer(rebasing: body[(first + 1)..<last]))
        guard let jti = Self.member("\"jti\":\"", of: payload) else { return nil }
        self.jti = jti
        sub = Self.member("\"sub\":\"", of: payload) ?? []
        sid = Self.member("\"sid\":\"", of: payload) ?? []
    }

    private static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var (bits, held): (UInt32, Int) = (0, 0)
        unsafe text.forEach { letter in
            bits = bits << 6 | UInt32(digits[Int(letter)] & 63)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return bytes
    }

    private static func member(_ opening: StaticString, of json: [UInt8]) -> [UInt8]? {
        unsafe json.withUnsafeBytes { json in
            guard let place = unsafe MessageFrame.find(opening, in: json) else { return nil }
            let value = unsafe json[(place + opening.utf8CodeUnitCount)...]
            return unsafe Array(value.prefix { $0 != UInt8(ascii: "\"") })
        }
    }
}
