import Logging
import Settings
import Testing

@Suite("Settings file")
struct SettingsFileTests {
    @Test("values have the kind of their setting; seconds may be whole or not")
    func kinds() throws {
        let settings = try load(
            file: """
                slots = 1_000
                lease_seconds = 12.5
                drain_seconds = 30
                allow_private_networks = true
                listen = "unix:/run/lastcall.sock"
                log_level = 'debug'
                """
        )
        #expect(settings.slots == 1_000)
        #expect(settings.lease == .milliseconds(12_500))
        #expect(settings.drain == .seconds(30))
        #expect(settings.allowPrivateNetworks)
        #expect(settings.listen == .unix(path: "/run/lastcall.sock"))
        #expect(settings.logLevel == .debug)
    }

    @Test(
        "a value of another kind is refused by its type",
        arguments: [
            ("slots", "\"8\"", "string"), ("slots", "8.0", "floating-point number"),
            ("slots", "[8]", "array"),
            ("allow_private_networks", "1", "integer"), ("listen", "8080", "integer"),
            ("lease_seconds", "\"10\"", "string"), ("ca_file", "{ path = \"x\" }", "table"),
            ("data_dir", "1979-05-27", "date"),
        ]
    )
    func wrongKind(name: String, text: String, type: String) throws {
        let definition = try #require(LastcallSettings.definitions.first { $0.name == name })
        let expected = SettingsError.invalidValue(
            setting: name,
            source: .file(path: "/lastcall.toml", key: name),
            value: "of TOML type \(type)",
            allowed: definition.allowed
        )
        #expect(throws: expected) { try load(file: "\(name) = \(text)") }
    }

    @Test("a table is an unknown key")
    func table() {
        let source = SettingSource.file(path: "/lastcall.toml", key: "database")
        #expect(throws: SettingsError.unknownName(source, nearest: "database_url")) {
            try load(file: "[database]\nurl = \"host=a\"")
        }
    }

    @Test(
        "what is not TOML is reported by line and column, and not repeated",
        arguments: [
            ("slots = 1\nlisten = \n", 2, 10), ("database_url = postgresql://u:hunter2@h/d", 1, 16),
            ("slots = 1\nslots = 2", 2, 9),
        ]
    )
    func malformed(text: String, line: Int, column: Int) {
        let expected = SettingsError.malformedFile(path: "/lastcall.toml", line: line, column: column)
        #expect(throws: expected) { try load(file: text) }
        #expect(!"\(expected)".contains("hunter2"))
    }

    @Test(
        "U+0000 as an escape is refused: it would cut a secret short",
        arguments: ["\\u0000", "\\U00000000"]
    )
    func nul(escape: String) {
        #expect(throws: SettingsError.nulInFile(path: "/lastcall.toml")) {
            try load(file: "data_dir = \"a\(escape)b\"")
        }
    }
}
