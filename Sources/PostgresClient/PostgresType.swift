/// The types that this module encodes and decodes, by their fixed OIDs.
///
/// Source: `pg_type.dat` of PostgreSQL; OIDs of built-in types never change.
enum PostgresType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let json: UInt32 = 114
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let bpchar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802

    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let int2Array: UInt32 = 1005
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let float8Array: UInt32 = 1022
    static let timestamptzArray: UInt32 = 1185
    static let uuidArray: UInt32 = 2951
    static let jsonbArray: UInt32 = 3807

    /// Types whose binary form is plain text.
    static func isText(_ type: UInt32) -> Bool {
        type == text || type == varchar || type == bpchar || type == name
    }
}

/// Timestamps: this module counts microseconds from 1970, Postgres from 2000.
enum PostgresEpoch {
    /// Microseconds from 1970-01-01 to 2000-01-01, both UTC.
    static let offset: Int64 = 946_684_800_000_000

    /// The wire form of a time; `nil` where it does not fit. The ends of `Int64` are the infinities in both.
    static func toWire(_ microseconds: Int64) -> Int64? {
        if microseconds == .min || microseconds == .max { return microseconds }
        let (value, overflow) = microseconds.subtractingReportingOverflow(offset)
        return overflow || value == .min ? nil : value
    }

    /// The time of a wire form; `nil` where it does not fit.
    static func fromWire(_ value: Int64) -> Int64? {
        if value == .min || value == .max { return value }
        let (microseconds, overflow) = value.addingReportingOverflow(offset)
        return overflow || microseconds == .max ? nil : microseconds
    }
}
