public import FoundationEssentials

extension UUID {
    /// A UUID of 16 bytes; where there are fewer, the rest is zero.
    public init(bytes: [UInt8]) {
        var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &uuid) { unsafe $0.copyBytes(from: bytes.prefix(16)) }
        self.init(uuid: uuid)
    }

    /// A UUID of 16 bytes that says of which version it is, RFC 9562 §4: six of their bits are not theirs.
    public init(bytes: [UInt8], version: UInt8) {
        self.init(bytes: bytes)
        var uuid = uuid
        uuid.6 = uuid.6 & 0x0F | version << 4
        uuid.8 = uuid.8 & 0x3F | 0x80
        self.init(uuid: uuid)
    }
}
