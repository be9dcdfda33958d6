public import FoundationEssentials

/// A parameter of a statement, sent in Postgres's binary format with its type stated.
///
/// Times are microseconds since 1970-01-01 UTC; `Int64.min` and `Int64.max` are `-infinity` and `infinity`. Text
/// with U+0000 is refused before anything is sent. Arrays have one dimension and start at index 1; they are the
/// hot path: hundreds of rows reach one statement through `unnest($1::uuid[], $2::text[], ...)`.
public enum PostgresValue: Sendable, Hashable {
    /// NULL of the type that the statement's cast names.
    case null
    /// `boolean`.
    case bool(Bool)
    /// `smallint`.
    case int2(Int16)
    /// `integer`.
    case int4(Int32)
    /// `bigint`.
    case int8(Int64)
    /// `double precision`.
    case float8(Double)
    /// `text`.
    case text(String)
    /// `bytea`.
    case bytea([UInt8])
    /// `uuid`.
    case uuid(UUID)
    /// `timestamptz`, in microseconds since 1970-01-01 UTC.
    case timestamp(Int64)
    /// `jsonb`, as JSON text.
    case jsonb(String)
    /// `boolean[]`.
    case boolArray([Bool?])
    /// `smallint[]`.
    case int2Array([Int16?])
    /// `integer[]`.
    case int4Array([Int32?])
    /// `bigint[]`.
    case int8Array([Int64?])
    /// `double precision[]`.
    case float8Array([Double?])
    /// `text[]`.
    case textArray([String?])
    /// `bytea[]`.
    case byteaArray([[UInt8]?])
    /// `uuid[]`.
    case uuidArray([UUID?])
    /// `timestamptz[]`, in microseconds since 1970-01-01 UTC.
    case timestampArray([Int64?])
    /// `jsonb[]`, as JSON texts.
    case jsonbArray([String?])

    /// The OID that is sent with the value; 0 leaves the type of a NULL to the server.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .bool: PostgresType.bool
        case .int2: PostgresType.int2
        case .int4: PostgresType.int4
        case .int8: PostgresType.int8
        case .float8: PostgresType.float8
        case .text: PostgresType.text
        case .bytea: PostgresType.bytea
        case .uuid: PostgresType.uuid
        case .timestamp: PostgresType.timestamptz
        case .jsonb: PostgresType.jsonb
        case .boolArray: PostgresType.boolArray
        case .int2Array: PostgresType.int2Array
        case .int4Array: PostgresType.int4Array
        case .int8Array: PostgresType.int8Array
        case .float8Array: PostgresType.float8Array
        case .textArray: PostgresType.textArray
        case .byteaArray: PostgresType.byteaArray
        case .uuidArray: PostgresType.uuidArray
        case .timestampArray: PostgresType.timestamptzArray
        case .jsonbArray: PostgresType.jsonbArray
        }
    }
}

extension PostgresValue {
    /// A text, or NULL.
    ///
    /// - Parameter value: the text; `nil` is NULL.
    /// - Returns: the parameter.
    public static func optionalText(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }

    /// A UUID, or NULL.
    ///
    /// - Parameter value: the UUID; `nil` is NULL.
    /// - Returns: the parameter.
    public static func optionalUUID(_ value: UUID?) -> PostgresValue { value.map { .uuid($0) } ?? .null }

    /// A `bigint`, or NULL.
    ///
    /// - Parameter value: the number; `nil` is NULL.
    /// - Returns: the parameter.
    public static func optionalInt8(_ value: Int64?) -> PostgresValue { value.map { .int8($0) } ?? .null }

    /// An `integer`, or NULL.
    ///
    /// - Parameter value: the number; `nil` is NULL.
    /// - Returns: the parameter.
    public static func optionalInt4(_ value: Int32?) -> PostgresValue { value.map { .int4($0) } ?? .null }

    /// A time, or NULL.
    ///
    /// - Parameter value: microseconds since 1970-01-01 UTC; `nil` is NULL.
    /// - Returns: the parameter.
    public static func optionalTimestamp(_ value: Int64?) -> PostgresValue {
        value.map { .timestamp($0) } ?? .null
    }
}
