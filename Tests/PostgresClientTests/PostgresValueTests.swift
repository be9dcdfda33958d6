import FoundationEssentials
import LastcallTestKit
import PostgresClient
import Testing

/// The server itself says whether a value arrived: it compares the parameter with a literal.
@Suite("Values", .emptyDatabase)
struct PostgresValueTests {
    static let uuid = UUID(uuidString: "01890A5D-AC96-774B-BCCE-B302099A8057") ?? UUID()
    static let uuidText = "'01890a5d-ac96-774b-bcce-b302099a8057'"

    @Test(
        "each type arrives as the literal it stands for",
        arguments: [
            (PostgresValue.bool(true), "bool", "true"),
            (.bool(false), "bool", "false"),
            (.int2(.min), "int2", "'-32768'"),
            (.int2(.max), "int2", "32767"),
            (.int4(.min), "int4", "'-2147483648'"),
            (.int4(.max), "int4", "2147483647"),
            (.int8(.min), "int8", "'-9223372036854775808'"),
            (.int8(.max), "int8", "9223372036854775807"),
            (.float8(-0.1), "float8", "'-0.1'"),
            (.float8(.infinity), "float8", "'infinity'"),
            (.float8(.nan), "float8", "'nan'"),
            (.text(""), "text", "''"),
            (.text("é ü 漢 😀 \u{1}"), "text", "U&'\\00e9 \\00fc \\6f22 \\+01f600 \\0001'"),
            (.bytea([]), "bytea", "''"),
            (.bytea([0, 1, 255]), "bytea", "'\\x0001ff'"),
            (.uuid(uuid), "uuid", uuidText),
            (.timestamp(0), "timestamptz", "'1970-01-01 00:00:00+00'"),
            (.timestamp(-1), "timestamptz", "'1969-12-31 23:59:59.999999+00'"),
            (.timestamp(946_684_800_000_000), "timestamptz", "'2000-01-01 00:00:00+00'"),
            (.timestamp(.min), "timestamptz", "'-infinity'"),
            (.timestamp(.max), "timestamptz", "'infinity'"),
            (.jsonb("{\"a\":[1,null]}"), "jsonb", "'{\"a\": [1, null]}'"),
            (.boolArray([true, nil, false]), "bool[]", "'{t,null,f}'"),
            (.int2Array([1, nil, -2]), "int2[]", "'{1,null,-2}'"),
            (.int4Array([1, nil, -2]), "int4[]", "'{1,null,-2}'"),
            (.int8Array([1, nil, -2]), "int8[]", "'{1,null,-2}'"),
            (.float8Array([1.5, nil, -2]), "float8[]", "'{1.5,null,-2}'"),
            (.textArray(["", nil, "null", "a,\"b\\"]), "text[]", "array['', null, 'null', 'a,\"b\\']"),
            (.byteaArray([[], nil, [0, 255]]), "bytea[]", "array['', null, '\\x00ff']::bytea[]"),
            (.uuidArray([uuid, nil]), "uuid[]", "array[\(uuidText), null]::uuid[]"),
            (
                .timestampArray([0, nil, .min, .max]), "timestamptz[]",
                "array['1970-01-01 00:00:00+00', null, '-infinity', 'infinity']::timestamptz[]"
            ),
            (.jsonbArray(["1", nil, "{}"]), "jsonb[]", "array['1', null, '{}']::jsonb[]"),
            (.boolArray([]), "bool[]", "'{}'"),
            (.int2Array([]), "int2[]", "'{}'"),
            (.int4Array([]), "int4[]", "'{}'"),
            (.int8Array([]), "int8[]", "'{}'"),
            (.float8Array([]), "float8[]", "'{}'"),
            (.textArray([]), "text[]", "'{}'"),
            (.byteaArray([]), "bytea[]", "'{}'"),
            (.uuidArray([]), "uuid[]", "'{}'"),
            (.timestampArray([]), "timestamptz[]", "'{}'"),
            (.jsonbArray([]), "jsonb[]", "'{}'"),
        ] as [(PostgresValue, String, String)]
    )
    func arrives(value: PostgresValue, type: String, literal: String) throws {
        for preparedStatements in [true, false] {
            let connection = try connect(preparedStatements: preparedStatements)
            let row = try connection.query(sql("select $1::\(type) = \(literal)::\(type)"), value).first
            #expect(try row?.bool(0) == true)
            // The type is stated, so that no cast is needed to tell overloads apart.
            let named = try connection.query(
                sql("select pg_typeof($1)::oid = '\(type)'::regtype::oid"),
                value
            )
            #expect(try named.first?.bool(0) == true)
        }
    }

    @Test("NULL takes the type of the cast around it", arguments: ["int4", "text", "uuid[]", "jsonb"])
    func null(type: String) throws {
        let row = try connect().query(sql("select $1::\(type) is null"), .null).first
        #expect(try row?.bool(0) == true)
    }

    @Test("the optional forms are NULL for nil and the value otherwise")
    func optionals() {
        #expect(PostgresValue.optionalText(nil) == .null)
        #expect(PostgresValue.optionalText("a") == .text("a"))
        #expect(PostgresValue.optionalUUID(nil) == .null)
        #expect(PostgresValue.optionalUUID(Self.uuid) == .uuid(Self.uuid))
        #expect(PostgresValue.optionalInt4(nil) == .null)
        #expect(PostgresValue.optionalInt4(1) == .int4(1))
        #expect(PostgresValue.optionalInt8(nil) == .null)
        #expect(PostgresValue.optionalInt8(1) == .int8(1))
        #expect(PostgresValue.optionalTimestamp(nil) == .null)
        #expect(PostgresValue.optionalTimestamp(1) == .timestamp(1))
    }

    @Test(
        "text with U+0000 is refused before it is sent, and the connection stays good",
        arguments: [
            PostgresValue.text("a\0b"), .text("\0"), .jsonb("\"\0\""), .textArray(["a", "b\0"]),
            .jsonbArray(["1", "\0"]),
        ]
    )
    func nul(value: PostgresValue) throws {
        let connection = try connect()
        #expect(throws: PostgresError.invalidText(parameter: 2)) {
            try connection.query(sql("select $1::int4, $2"), .int4(1), value)
        }
        #expect(try connection.query(sql("select 1")).first?.int4(0) == 1)
    }

    @Test("an escaped U+0000 in JSON is the server's to refuse")
    func escapedNul() throws {
        let connection = try connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.query(sql("select $1::jsonb"), .jsonb("\"\\u0000\""))
        }
        #expect(error?.sqlState == "22P05")
    }

    @Test(
        "a time that the wire cannot carry is refused before it is sent",
        arguments: [Int64.min + 1, Int64.min + 946_684_800_000_000]
    )
    func timestampRange(value: Int64) throws {
        let connection = try connect()
        for parameter in [PostgresValue.timestamp(value), .timestampArray([value])] {
            #expect(throws: PostgresError.invalidTimestamp(parameter: 1)) {
                try connection.query(sql("select $1"), parameter)
            }
        }
    }

    @Test("a time that the wire can carry and Postgres cannot is the server's to refuse")
    func timestampBeyondPostgres() throws {
        let connection = try connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.query(sql("select $1"), .timestamp(.min + 946_684_800_000_001))
        }
        #expect(error?.sqlState == "22008")
    }

    @Test("a value of some megabytes arrives whole, and so does one after it")
    func large() throws {
        let connection = try connect()
        let text = String(repeating: "0123456789abcdef", count: 1 << 18)
        let echoed = try connection.query(sql("select $1, length($1)"), .text(text)).first
        #expect(try echoed?.text(0) == text)
        #expect(try echoed?.int4(1) == 1 << 22)
        let small = try connection.query(sql("select $1, length($1)"), .text("x")).first
        #expect(try small?.text(0) == "x")
    }

    @Test("hundreds of rows reach one statement through unnest")
    func unnest() throws {
        let connection = try connect()
        let numbers = (0..<1000).map { Int64($0) }
        let rows = try connection.query(
            sql("select n, t from unnest($1::int8[], $2::text[]) as rows (n, t) order by n"),
            .int8Array(numbers),
            .textArray(numbers.map { "text \($0)" })
        )
        #expect(rows.count == 1000)
        for (number, row) in zip(numbers, rows) {
            #expect(try row.int8(0) == number)
            #expect(try row.text(1) == "text \(number)")
        }
    }
}
