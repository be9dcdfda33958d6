import FoundationEssentials
import LogoutModel
import PostgresClient

/// Reads a row's columns from left to right, in the order in which its statement lists them.
struct ColumnReader {
    let row: PostgresRow
    private var column = -1

    init(_ row: PostgresRow) {
        self.row = row
    }

    private mutating func next() -> Int {
        column += 1
        return column
    }

    mutating func skip(_ count: Int) { column += count }

    mutating func bool() throws -> Bool { try row.bool(next()) }
    mutating func int() throws -> Int { Int(try row.int4(next())) }
    mutating func int4() throws -> Int32 { try row.int4(next()) }
    mutating func optionalInt4() throws -> Int32? { try row.optionalInt4(next()) }
    mutating func optionalInt() throws -> Int? { try row.optionalInt4(next()).map(Int.init) }
    mutating func optionalInt2() throws -> Int? { try row.optionalInt2(next()).map(Int.init) }
    mutating func int8() throws -> Int64 { try row.int8(next()) }
    mutating func optionalFloat8() throws -> Double? { try row.optionalFloat8(next()) }
    mutating func optionalInt8() throws -> Int64? { try row.optionalInt8(next()) }
    mutating func text() throws -> String { try row.text(next()) }
    mutating func optionalText() throws -> String? { try row.optionalText(next()) }
    mutating func json() throws -> String { try row.json(next()) }
    mutating func optionalJSON() throws -> String? { try row.optionalJSON(next()) }
    mutating func bytes() throws -> [UInt8] { try row.bytes(next()) }
    mutating func optionalBytes() throws -> [UInt8]? { try row.optionalBytes(next()) }
    mutating func texts() throws -> [String] { try row.textArray(next()) }
    mutating func uuid() throws -> UUID { try row.uuid(next()) }
    mutating func optionalUUID() throws -> UUID? { try row.optionalUUID(next()) }

    mutating func time() throws -> Timestamp { Timestamp(microseconds: try row.timestamp(next())) }

    mutating func optionalTime() throws -> Timestamp? {
        try row.optionalTimestamp(next()).map(Timestamp.init(microseconds:))
    }

    /// A word of one of the schema's lists; a test compares the lists with the enums.
    mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type) throws -> Word {
        let text = try text()
        guard let word = Word(rawValue: text) else { throw OutboxError.unknownWord(text) }
        return word
    }
}

extension PostgresValue {
    static func optionalTime(_ time: Timestamp?) -> PostgresValue {
        time.map { .timestamp($0.microseconds) } ?? .null
    }

    static func texts(_ values: [String]) -> PostgresValue {
        values.isEmpty ? .null : .textArray(values)
    }
}
