public import FoundationEssentials

/// One row of an answer. Columns count from 0; a getter of another type than the column's throws.
///
/// Each getter throws ``PostgresError/decoding(column:_:)`` and never traps. The plain form refuses NULL, the
/// `optional` form returns `nil` for it.
public struct PostgresRow {
    let rows: PostgresRows
    let index: Int32

    /// Reads a `boolean`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func bool(_ column: Int) throws(PostgresError) -> Bool {
        try required(column, optionalBool(column))
    }

    /// Reads a `boolean` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try value(column, PostgresType.bool) { WireReader.bool($0) }
    }

    /// Reads a `smallint`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func int2(_ column: Int) throws(PostgresError) -> Int16 {
        try required(column, optionalInt2(column))
    }

    /// Reads a `smallint` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalInt2(_ column: Int) throws(PostgresError) -> Int16? {
        try value(column, PostgresType.int2) { WireReader.integer($0, as: Int16.self) }
    }

    /// Reads an `integer`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func int4(_ column: Int) throws(PostgresError) -> Int32 {
        try required(column, optionalInt4(column))
    }

    /// Reads an `integer` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalInt4(_ column: Int) throws(PostgresError) -> Int32? {
        try value(column, PostgresType.int4) { WireReader.integer($0, as: Int32.self) }
    }

    /// Reads a `bigint`, as `count(*)` is.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func int8(_ column: Int) throws(PostgresError) -> Int64 {
        try required(column, optionalInt8(column))
    }

    /// Reads a `bigint` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalInt8(_ column: Int) throws(PostgresError) -> Int64? {
        try value(column, PostgresType.int8) { WireReader.integer($0, as: Int64.self) }
    }

    /// Reads a `double precision`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func float8(_ column: Int) throws(PostgresError) -> Double {
        try required(column, optionalFloat8(column))
    }

    /// Reads a `double precision` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalFloat8(_ column: Int) throws(PostgresError) -> Double? {
        try value(column, PostgresType.float8) { WireReader.double($0) }
    }

    /// Reads a `text`, `varchar`, `char` or `name`. An enum is cast to text in the statement.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func text(_ column: Int) throws(PostgresError) -> String {
        try required(column, optionalText(column))
    }

    /// Reads a `text`, `varchar`, `char`, `name` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalText(_ column: Int) throws(PostgresError) -> String? {
        let type = try type(column)
        guard PostgresType.isText(type) else { throw .decoding(column: column, .wrongType(actual: type)) }
        return try value(column, type) { WireReader.text($0) }
    }

    /// Reads a `json` or `jsonb` as its text.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: JSON text.
    /// - Throws: a decoding error.
    public func json(_ column: Int) throws(PostgresError) -> String {
        try required(column, optionalJSON(column))
    }

    /// Reads a `json`, `jsonb` or NULL as its text.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: JSON text, or `nil` for NULL (the JSON value `null` is text).
    /// - Throws: a decoding error.
    public func optionalJSON(_ column: Int) throws(PostgresError) -> String? {
        if try type(column) == PostgresType.json {
            return try value(column, PostgresType.json) { WireReader.text($0) }
        }
        return try value(column, PostgresType.jsonb) { WireReader.jsonb($0) }
    }

    /// Reads a `bytea`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the bytes.
    /// - Throws: a decoding error.
    public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try required(column, optionalBytes(column))
    }

    /// Reads a `bytea` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the bytes, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try value(column, PostgresType.bytea) { WireReader.bytes($0) }
    }

    /// Reads a `uuid`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value.
    /// - Throws: a decoding error.
    public func uuid(_ column: Int) throws(PostgresError) -> UUID {
        try required(column, optionalUUID(column))
    }

    /// Reads a `uuid` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the value, or `nil` for NULL.
    /// - Throws: a decoding error.
    public func optionalUUID(_ column: Int) throws(PostgresError) -> UUID? {
        try value(column, PostgresType.uuid) { WireReader.uuid($0) }
    }

    /// Reads a `timestamptz`.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: microseconds since 1970-01-01 UTC; the ends of `Int64` are the infinities.
    /// - Throws: a decoding error; `outOfRange` for the years past 294,246, which only Postgres can count.
    public func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        try required(column, optionalTimestamp(column))
    }

    /// Reads a `timestamptz` or NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: as ``timestamp(_:)``, or `nil` for NULL.
    /// - Throws: as ``timestamp(_:)``.
    public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Int64? {
        let wire = try value(column, PostgresType.timestamptz) { WireReader.integer($0, as: Int64.self) }
        guard let wire else { return nil }
        guard let microseconds = PostgresEpoch.fromWire(wire) else {
            throw .decoding(column: column, .outOfRange)
        }
        return microseconds
    }
}

extension PostgresRow {
    /// Reads a `text[]` whose elements may be NULL.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the elements in order; `nil` elements are NULL.
    /// - Throws: a decoding error.
    public func optionalTextArray(_ column: Int) throws(PostgresError) -> [String?] {
        try elements(column, PostgresType.textArray, of: PostgresType.text) { WireReader.text($0) }
    }

    /// Reads a `text[]` without NULLs.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the elements in order.
    /// - Throws: a decoding error.
    public func textArray(_ column: Int) throws(PostgresError) -> [String] {
        try whole(column, optionalTextArray(column))
    }

    /// Reads an `integer[]` without NULLs.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the elements in order.
    /// - Throws: a decoding error.
    public func int4Array(_ column: Int) throws(PostgresError) -> [Int32] {
        try whole(
            column,
            elements(column, PostgresType.int4Array, of: PostgresType.int4) {
                WireReader.integer($0, as: Int32.self)
            }
        )
    }

    /// Reads a `bigint[]` without NULLs.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the elements in order.
    /// - Throws: a decoding error.
    public func int8Array(_ column: Int) throws(PostgresError) -> [Int64] {
        try whole(
            column,
            elements(column, PostgresType.int8Array, of: PostgresType.int8) {
                WireReader.integer($0, as: Int64.self)
            }
        )
    }

    /// Reads a `uuid[]` without NULLs.
    ///
    /// - Parameter column: counted from 0.
    /// - Returns: the elements in order.
    /// - Throws: a decoding error.
    public func uuidArray(_ column: Int) throws(PostgresError) -> [UUID] {
        try whole(
            column,
            elements(column, PostgresType.uuidArray, of: PostgresType.uuid) { WireReader.uuid($0) }
        )
    }

    private func elements<T>(
        _ column: Int,
        _ type: UInt32,
        of elementType: UInt32,
        _ read: (RawSpan) -> T?
    ) throws(PostgresError) -> [T?] {
        try required(
            column,
            value(column, type) { WireReader.array($0, of: elementType, read) }
        )
    }

    private func whole<T>(_ column: Int, _ elements: [T?]) throws(PostgresError) -> [T] {
        let values = elements.compactMap { $0 }
        guard values.count == elements.count else { throw .decoding(column: column, .unexpectedNull) }
        return values
    }

    private func type(_ column: Int) throws(PostgresError) -> UInt32 {
        guard let type = rows.type(of: column) else { throw .decoding(column: column, .noSuchColumn) }
        return type
    }

    private func required<T>(_ column: Int, _ value: T?) throws(PostgresError) -> T {
        guard let value else { throw .decoding(column: column, .unexpectedNull) }
        return value
    }

    private func value<T>(
        _ column: Int,
        _ expected: UInt32,
        _ read: (RawSpan) -> T?
    ) throws(PostgresError) -> T? {
        let actual = try type(column)
        guard actual == expected else { throw .decoding(column: column, .wrongType(actual: actual)) }
        return try rows.withField(row: index, column: column) { (bytes) throws(PostgresError) in
            guard let value = read(bytes) else { throw .decoding(column: column, .malformed) }
            return value
        }
    }
}
