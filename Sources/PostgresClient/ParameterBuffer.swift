import FoundationEssentials
import Glibc

/// The parameters of one statement as libpq wants them: one run of bytes and, for each, where it lies.
///
/// A connection keeps one buffer and fills it anew for each statement, so encoding allocates only while it grows.
@safe
struct ParameterBuffer {
    /// Beyond this a buffer is given back, or one huge statement would cost memory for as long as the connection lives.
    private static let keptCapacity = 1 << 20

    /// The type of each parameter.
    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var pointers: [UnsafePointer<CChar>?] = unsafe []

    /// Encodes the parameters of one statement.
    mutating func fill(_ parameters: [PostgresValue]) throws(PostgresError) {
        if bytes.capacity > Self.keptCapacity { bytes = [] }
        bytes.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        for (index, parameter) in parameters.enumerated() {
            types.append(parameter.type)
            let start = bytes.count
            try append(parameter, number: index + 1)
            guard let length = Int32(exactly: bytes.count - start) else {
                throw .parameterTooLarge(parameter: index + 1)
            }
            lengths.append(length)
            offsets.append(parameter.type == 0 ? nil : start)
        }
        // Never empty: a value without bytes still needs an address, since a null pointer means NULL.
        bytes.append(0)
    }

    /// Runs a libpq call with the values, their lengths and their formats; the pointers are good only inside it.
    mutating func withArrays<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        while formats.count < offsets.count { formats.append(1) }
        return unsafe bytes.withUnsafeBytes { values in
            unsafe pointers.removeAll(keepingCapacity: true)
            for offset in offsets {
                unsafe pointers.append(
                    offset.flatMap {
                        unsafe values.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self)
                    }
                )
            }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }

    private mutating func append(_ value: PostgresValue, number: Int) throws(PostgresError) {
        switch value {
        case .null: break
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int2(let value): integer(value)
        case .int4(let value): integer(value)
        case .int8(let value): integer(value)
        case .float8(let value): integer(value.bitPattern)
        case .text(let value): try text(value, number)
        case .bytea(let value): bytes.append(contentsOf: value)
        case .uuid(let value): uuid(value)
        case .timestamp(let value): try timestamp(value, number)
        case .jsonb(let value): try jsonb(value, number)
        case .boolArray(let values):
            try array(values, PostgresType.bool, number) { (buffer, value) throws(PostgresError) in
                buffer.bytes.append(value ? 1 : 0)
            }
        case .int2Array(let values): try integers(values, PostgresType.int2, number)
        case .int4Array(let values): try integers(values, PostgresType.int4, number)
        case .int8Array(let values): try integers(values, PostgresType.int8, number)
        case .float8Array(let values):
            try array(values, PostgresType.float8, number) { (buffer, value) throws(PostgresError) in
                buffer.integer(value.bitPattern)
            }
        case .textArray(let values):
            try array(values, PostgresType.text, number) { (buffer, value) throws(PostgresError) in
                try buffer.text(value, number)
            }
        case .byteaArray(let values):
            try array(values, PostgresType.bytea, number) { (buffer, value) throws(PostgresError) in
                buffer.bytes.append(contentsOf: value)
            }
        case .uuidArray(let values):
            try array(values, PostgresType.uuid, number) { (buffer, value) throws(PostgresError) in
                buffer.uuid(value)
            }
        case .timestampArray(let values):
            try array(values, PostgresType.timestamptz, number) { (buffer, value) throws(PostgresError) in
                try buffer.timestamp(value, number)
            }
        case .jsonbArray(let values):
            try array(values, PostgresType.jsonb, number) { (buffer, value) throws(PostgresError) in
                try buffer.jsonb(value, number)
            }
        }
    }

    private mutating func integer<I: FixedWidthInteger>(_ value: I) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func text(_ value: String, _ number: Int) throws(PostgresError) {
        var value = value
        let isClean = value.withUTF8 { utf8 in
            guard let base = utf8.baseAddress, !utf8.isEmpty else { return true }
            if unsafe memchr(base, 0, utf8.count) != nil { return false }
            unsafe bytes.append(contentsOf: utf8)
            return true
        }
        guard isClean else { throw .invalidText(parameter: number) }
    }

    private mutating func uuid(_ value: UUID) {
        unsafe withUnsafeBytes(of: value.uuid) { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func timestamp(_ value: Int64, _ number: Int) throws(PostgresError) {
        guard let wire = PostgresEpoch.toWire(value) else { throw .invalidTimestamp(parameter: number) }
        integer(wire)
    }

    /// The binary form of `jsonb` is a version byte, 1, and the text.
    private mutating func jsonb(_ value: String, _ number: Int) throws(PostgresError) {
        bytes.append(1)
        try text(value, number)
    }

    private mutating func integers<I: FixedWidthInteger>(
        _ values: [I?],
        _ type: UInt32,
        _ number: Int
    ) throws(PostgresError) {
        try array(values, type, number) { (buffer, value) throws(PostgresError) in buffer.integer(value) }
    }

    /// An array: dimensions, whether it has NULLs, the element type, then for the one dimension its length and
    /// first index, then each element behind its length; -1 is NULL. An empty array has no dimension.
    @inline(__always)
    private mutating func array<Element>(
        _ values: [Element?],
        _ type: UInt32,
        _ number: Int,
        _ element: (inout ParameterBuffer, Element) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        integer(Int32(values.isEmpty ? 0 : 1))
        let nullFlag = bytes.count
        integer(Int32(0))
        integer(type)
        guard !values.isEmpty else { return }
        guard let count = Int32(exactly: values.count) else { throw .parameterTooLarge(parameter: number) }
        integer(count)
        integer(Int32(1))
        for value in values {
            guard let value else {
                integer(Int32(-1))
                bytes[nullFlag + 3] = 1
                continue
            }
            let start = bytes.count
            integer(Int32(0))
            try element(&self, value)
            guard let length = Int32(exactly: bytes.count - start - 4) else {
                throw .parameterTooLarge(parameter: number)
            }
            let prefix = UInt32(bitPattern: length)
            bytes[start] = UInt8(truncatingIfNeeded: prefix >> 24)
            bytes[start + 1] = UInt8(truncatingIfNeeded: prefix >> 16)
            bytes[start + 2] = UInt8(truncatingIfNeeded: prefix >> 8)
            bytes[start + 3] = UInt8(truncatingIfNeeded: prefix)
        }
    }
}
