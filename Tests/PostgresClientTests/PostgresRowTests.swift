import FoundationEssentials
import LastcallTestKit
import PostgresClient
import Testing

@Suite("Rows", .emptyDatabase)
struct PostgresRowTests {
    func row(_ text: String) throws -> PostgresRow {
        try #require(try connect().query(sql("select " + text)).first)
    }

    @Test("each getter reads its type")
    func scalars() throws {
        let row = try row(
            """
            true, '-2'::int2, '-3'::int4, '-4'::int8, '-0.5'::float8, 'é'::text, 'v'::varchar(3), 'n'::name, \
            '{"a":1}'::jsonb, '{"a":1}'::json, '\\x00ff'::bytea, '01890a5d-ac96-774b-bcce-b302099a8057'::uuid, \
            '1970-01-01 00:00:00.000001+00'::timestamptz
            """
        )
        #expect(try row.bool(0))
        #expect(try row.int2(1) == -2)
        #expect(try row.int4(2) == -3)
        #expect(try row.int8(3) == -4)
        #expect(try row.float8(4) == -0.5)
        #expect(try row.text(5) == "é")
        #expect(try row.text(6) == "v")
        #expect(try row.text(7) == "n")
        #expect(try row.json(8) == "{\"a\": 1}")
        #expect(try row.json(9) == "{\"a\":1}")
        #expect(try row.bytes(10) == [0, 255])
        #expect(try row.uuid(11) == UUID(uuidString: "01890A5D-AC96-774B-BCCE-B302099A8057"))
        #expect(try row.timestamp(12) == 1)
    }

    @Test("empty values are values")
    func empty() throws {
        let row = try row("''::text, ''::bytea, '{}'::text[]")
        #expect(try row.optionalText(0) == "")
        #expect(try row.optionalBytes(1) == [])
        #expect(try row.textArray(2) == [])
    }

    @Test("the optional getters read NULL as nil, the plain ones refuse it")
    func nulls() throws {
        let row = try row(
            """
            null::bool, null::int2, null::int4, null::int8, null::float8, null::text, null::jsonb, null::bytea, \
            null::uuid, null::timestamptz, null::text[]
            """
        )
        #expect(try row.optionalBool(0) == nil)
        #expect(try row.optionalInt2(1) == nil)
        #expect(try row.optionalInt4(2) == nil)
        #expect(try row.optionalInt8(3) == nil)
        #expect(try row.optionalFloat8(4) == nil)
        #expect(try row.optionalText(5) == nil)
        #expect(try row.optionalJSON(6) == nil)
        #expect(try row.optionalBytes(7) == nil)
        #expect(try row.optionalUUID(8) == nil)
        #expect(try row.optionalTimestamp(9) == nil)
        #expect(throws: PostgresError.decoding(column: 0, .unexpectedNull)) { try row.bool(0) }
        #expect(throws: PostgresError.decoding(column: 2, .unexpectedNull)) { try row.int4(2) }
        #expect(throws: PostgresError.decoding(column: 5, .unexpectedNull)) { try row.text(5) }
        #expect(throws: PostgresError.decoding(column: 8, .unexpectedNull)) { try row.uuid(8) }
        #expect(throws: PostgresError.decoding(column: 10, .unexpectedNull)) { try row.textArray(10) }
    }

    @Test("a getter of another type than the column's is an error, also where the widths agree")
    func wrongType() throws {
        let row = try row("1::int4, 1::int8, 'a'::text, array[1]::int4[]")
        #expect(throws: PostgresError.decoding(column: 0, .wrongType(actual: 23))) { try row.int8(0) }
        #expect(throws: PostgresError.decoding(column: 1, .wrongType(actual: 20))) { try row.timestamp(1) }
        #expect(throws: PostgresError.decoding(column: 1, .wrongType(actual: 20))) { try row.text(1) }
        #expect(throws: PostgresError.decoding(column: 2, .wrongType(actual: 25))) { try row.bytes(2) }
        #expect(throws: PostgresError.decoding(column: 3, .wrongType(actual: 1007))) { try row.int8Array(3) }
    }

    @Test("a column that does not exist is an error", arguments: [-1, 1, Int.max, Int.min])
    func noSuchColumn(column: Int) throws {
        let row = try row("1")
        #expect(throws: PostgresError.decoding(column: column, .noSuchColumn)) { try row.int4(column) }
        #expect(throws: PostgresError.decoding(column: column, .noSuchColumn)) {
            try row.optionalText(column)
        }
        #expect(throws: PostgresError.decoding(column: column, .noSuchColumn)) { try row.json(column) }
    }

    @Test(
        "times are microseconds since 1970, and the infinities the ends of Int64",
        arguments: [
            ("1970-01-01 00:00:00+00", Int64(0)),
            ("1969-12-31 23:59:59.999999+00", -1),
            ("2000-01-01 00:00:00+00", 946_684_800_000_000),
            ("-infinity", .min),
            ("infinity", .max),
        ]
    )
    func timestamps(text: String, expected: Int64) throws {
        #expect(try row("'\(text)'::timestamptz").timestamp(0) == expected)
    }

    @Test("a year that only Postgres can count is an error")
    func timestampOutOfRange() throws {
        let row = try row("'294276-12-31 00:00:00+00'::timestamptz")
        #expect(throws: PostgresError.decoding(column: 0, .outOfRange)) { try row.timestamp(0) }
    }

    @Test("arrays are read in order; NULL elements are refused unless asked for")
    func arrays() throws {
        let row = try row(
            """
            array['a', '', 'null']::text[], array['a', null]::text[], array[1, -2]::int4[], array[3]::int8[], \
            array['01890a5d-ac96-774b-bcce-b302099a8057']::uuid[], array[[1, 2], [3, 4]]::int4[]
            """
        )
        #expect(try row.textArray(0) == ["a", "", "null"])
        #expect(try row.optionalTextArray(1) == ["a", nil])
        #expect(throws: PostgresError.decoding(column: 1, .unexpectedNull)) { try row.textArray(1) }
        #expect(try row.int4Array(2) == [1, -2])
        #expect(try row.int8Array(3) == [3])
        #expect(try row.uuidArray(4) == [UUID(uuidString: "01890A5D-AC96-774B-BCCE-B302099A8057")])
        #expect(throws: PostgresError.decoding(column: 5, .malformed)) { try row.int4Array(5) }
    }

    @Test("the number of touched rows is known for writes, also without returning")
    func affectedRows() throws {
        let connection = try connect()
        try connection.execute(script: "create table t (n int)")
        #expect(try connection.query(sql("insert into t select generate_series(1, 5)")).affectedRows == 5)
        #expect(try connection.query(sql("delete from t where n > 3")).affectedRows == 2)
        #expect(try connection.query(sql("update t set n = 0 where n = 9")).affectedRows == 0)
        let rows = try connection.query(sql("select n from t order by n"))
        #expect(try rows.map { try $0.int4(0) } == [1, 2, 3])
        #expect(rows.count == 3)
        #expect(try connection.query(sql("select n from t where n = 9")).isEmpty)
    }
}
