import PostgresClient
import Testing

@Suite("Migration header")
struct MigrationTests {
    @Test(
        "headers are read wherever they stand at the start of a line",
        arguments: [
            ("select 1", true, nil),
            ("--! transaction: no\ncreate index concurrently i on t (n)", false, nil),
            ("--! transaction: yes\nselect 1", true, nil),
            ("--! breaking: stop 0004: all of it\nselect 1", true, "stop 0004: all of it"),
            ("-- a comment\n--!breaking:x\n--! transaction:no\r\nselect 1", false, "x"),
            ("-- ! breaking\nselect '\n --! nothing: of the kind'", true, nil),
        ] as [(String, Bool, String?)]
    )
    func headers(text: String, isTransactional: Bool, breaking: String?) throws {
        let migration = try Migration(number: 1, name: "a", text: text)
        #expect(migration.isTransactional == isTransactional)
        #expect(migration.breaking == breaking)
        #expect(migration.text == text)
    }

    @Test(
        "a header that is not known is refused with its line",
        arguments: [
            "--! braking: x", "--! transaction: maybe", "--! transaction", "--! breaking:", "--! breaking",
            "--!",
        ]
    )
    func unknown(line: String) {
        #expect(throws: PostgresError.migration(.unknownHeader(number: 3, line: line))) {
            try Migration(number: 3, name: "a", text: line + "\nselect 1")
        }
    }
}
