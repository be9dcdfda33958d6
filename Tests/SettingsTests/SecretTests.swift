import Settings
import Testing

@Suite("Settings: secrets")
struct SecretTests {
    @Test("a secret prints as itself nowhere")
    func printing() throws {
        let settings = try load(environment: ["LASTCALL_DATABASE_URL": "postgresql://u:hunter2@h/d"])
        #expect(settings.databaseURL?.reveal() == "postgresql://u:hunter2@h/d")
        #expect(settings.databaseListenURL?.reveal() == "postgresql://u:hunter2@h/d")
        var dumped = ""
        dump(settings, to: &dumped)
        let secret = try #require(settings.databaseURL)
        for text in [
            "\(secret)", String(reflecting: secret), "\(settings)", String(reflecting: settings), dumped,
        ] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("<secret>"))
        }
    }

    @Test(
        "a refused secret is not in the message",
        arguments: ["database_url", "database_listen_url", "operator_api_key", "key_encryption_key"]
    )
    func refused(name: String) throws {
        let definition = try #require(LastcallSettings.definitions.first { $0.name == name })
        let value = "sesame\u{7}"
        func expected(_ source: SettingSource) -> SettingsError {
            .invalidValue(setting: name, source: source, value: nil, allowed: definition.allowed)
        }
        let file = SettingSource.file(path: "/lastcall.toml", key: name)
        #expect(throws: expected(.environment(definition.environmentName))) {
            try load(environment: [definition.environmentName: value])
        }
        #expect(throws: expected(file)) { try load(file: "\(name) = 'sesame'") }
        #expect(throws: expected(file)) { try load(file: "\(name) = 5") }
        let contents = SettingSource.contents(path: "/s", namedBy: .flag(definition.fileForm.flagName))
        #expect(throws: expected(contents)) { try load(flags: [name + "_file": "/s"], files: ["/s": value]) }
        #expect(
            "\(expected(contents))"
                == "\(name) (file /s, named by flag \(definition.flagName)-file) cannot be used; "
                + "allowed: \(definition.allowed)"
        )
    }

    @Test(
        "one newline at the end of a secret's file is cut, no more",
        arguments: [("k\n", 0), ("k\r\n", 0), ("k", 0), ("k\n\n", 1), ("k ", 1), ("\nk", 1)]
    )
    func newline(ending: String, refusals: Int) throws {
        let key = String(repeating: "x", count: 40)
        let files = ["/s": String(ending.map { $0 == "k" ? key : String($0) }.joined())]
        let environment = ["LASTCALL_OPERATOR_API_KEY_FILE": "/s"]
        if refusals == 0 {
            #expect(try load(environment: environment, files: files).operatorAPIKey?.reveal() == key)
        } else {
            let expected = SettingsError.invalidValue(
                setting: "operator_api_key",
                source: .contents(path: "/s", namedBy: .environment("LASTCALL_OPERATOR_API_KEY_FILE")),
                value: nil,
                allowed: "32 to 255 visible ASCII characters"
            )
            #expect(throws: expected) { try load(environment: environment, files: files) }
        }
    }

    @Test("an empty or unreadable file is named, its content is not", arguments: ["", "\n", "\r\n"])
    func emptyFile(text: String) {
        let source = SettingSource.file(path: "/lastcall.toml", key: "key_encryption_key_file")
        #expect(
            throws: SettingsError.emptyFile(setting: "key_encryption_key_file", source: source, path: "/s")
        ) {
            try load(file: "key_encryption_key_file = '/s'", files: ["/s": text])
        }
        let missing = SettingsError.unreadableFile(
            setting: "key_encryption_key_file",
            source: source,
            path: "/s",
            .system(code: 2)
        )
        #expect(throws: missing) { try load(file: "key_encryption_key_file = '/s'") }
    }

    @Test("a secret given as itself and through a file is refused, wherever the two stand")
    func givenTwice() {
        let expected = SettingsError.givenTwice(
            setting: "database_url",
            .environment("LASTCALL_DATABASE_URL"),
            .file(path: "/lastcall.toml", key: "database_url_file")
        )
        #expect(throws: expected) {
            try load(
                environment: ["LASTCALL_DATABASE_URL": "host=a"],
                file: "database_url_file = '/s'",
                files: ["/s": "host=a"]
            )
        }
    }

    @Test(
        "an operator key has 32 to 255 visible characters",
        arguments: [(31, false), (32, true), (255, true), (256, false)]
    )
    func operatorKeyLength(count: Int, allowed: Bool) {
        let environment = ["LASTCALL_OPERATOR_API_KEY": String(repeating: "~", count: count)]
        #expect(((try? load(environment: environment)) != nil) == allowed)
    }

    private static let keys: [(String, Bool)] = [
        (zeroKey, true), (String(zeroKey.dropLast()), false), (zeroKey + "\n", false), ("AAAA", false),
        // The last letter carries two bits that must be zero.
        (String(repeating: "A", count: 42) + "B=", false), (String(repeating: "-", count: 43) + "=", false),
        (String(repeating: "A", count: 44), false),
    ]

    @Test(
        "an encryption key is base64 of 32 bytes in its one spelling",
        arguments: Self.keys
    )
    func encryptionKey(text: String, allowed: Bool) throws {
        let settings = try? load(environment: ["LASTCALL_KEY_ENCRYPTION_KEY": text])
        #expect((settings != nil) == allowed)
        if allowed { #expect(settings?.keyEncryptionKey?.reveal() == [UInt8](repeating: 0, count: 32)) }
    }
}
