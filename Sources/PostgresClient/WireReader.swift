import FoundationEssentials

/// Reads one value of Postgres's binary format; `nil` means that the bytes are not such a value.
enum WireReader {
    static func integer<I: FixedWidthInteger & BitwiseCopyable>(_ bytes: RawSpan, as type: I.Type) -> I? {
        guard bytes.byteCount == MemoryLayout<I>.size else { return nil }
        return I(bigEndian: unsafe bytes.unsafeLoadUnaligned(as: I.self))
    }

    static func bool(_ bytes: RawSpan) -> Bool? { integer(bytes, as: UInt8.self).map { $0 != 0 } }

    static func double(_ bytes: RawSpan) -> Double? {
        integer(bytes, as: UInt64.self).map { Double(bitPattern: $0) }
    }

    /// Text is checked, not repaired: a database that is not UTF-8 must not change what it stores.
    static func text(_ bytes: RawSpan) -> String? {
        unsafe bytes.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    }

    /// The binary form of `jsonb` is a version byte, 1, and the text.
    static func jsonb(_ bytes: RawSpan) -> String? {
        guard bytes.byteCount > 0, unsafe bytes.unsafeLoad(as: UInt8.self) == 1 else { return nil }
        return text(bytes.extracting(droppingFirst: 1))
    }

    static func uuid(_ bytes: RawSpan) -> UUID? {
        guard bytes.byteCount == 16 else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    static func bytes(_ bytes: RawSpan) -> [UInt8]? { unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } }

    /// The elements of an array of at most one dimension; `element` gets each one's bytes and may refuse them.
    static func array<Element>(
        _ bytes: RawSpan,
        of type: UInt32,
        _ element: (RawSpan) -> Element?
    ) -> [Element?]? {
        var offset = 0
        func next() -> Int32? {
            guard offset + 4 <= bytes.byteCount else { return nil }
            defer { offset += 4 }
            return integer(bytes.extracting(offset..<(offset + 4)), as: Int32.self)
        }
        guard let dimensions = next(), next() != nil, next() == Int32(bitPattern: type) else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = next(), count >= 0, next() != nil else { return nil }
        var elements: [Element?] = []
        elements.reserveCapacity(min(Int(count), bytes.byteCount / 4))
        for _ in 0..<count {
            guard let length = next() else { return nil }
            if length < 0 {
                elements.append(nil)
                continue
            }
            let end = offset + Int(length)
            guard end <= bytes.byteCount, let value = element(bytes.extracting(offset..<end)) else {
                return nil
            }
            elements.append(value)
            offset = end
        }
        return offset == bytes.byteCount ? elements : nil
    }
}
