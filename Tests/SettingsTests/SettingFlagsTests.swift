import ArgumentParser
import Settings
import Testing

@Suite("Setting flags")
struct SettingFlagsTests {
    let flags: [SettingDefinition] = LastcallSettings.definitions.filter { $0.places.contains(.flag) }

    @Test("every setting that may be a flag is one, under its own name")
    func everyFlag() throws {
        let words = flags.flatMap { [$0.flagName, "value of \($0.name)"] }
        let values = try SettingFlags.parse(words).values
        #expect(values == Dictionary(uniqueKeysWithValues: flags.map { ($0.name, "value of \($0.name)") }))
    }

    @Test("flags that are not given have no value")
    func noFlags() throws {
        #expect(try SettingFlags.parse([]).values.isEmpty)
    }

    @Test("a secret has no flag of its own", arguments: LastcallSettings.definitions.filter(\.isSecret))
    func noSecretFlag(secret: SettingDefinition) throws {
        let message = try #require(throws: (any Error).self) {
            try SettingFlags.parse([secret.flagName, "x"])
        }
        #expect(SettingFlags.message(for: message).contains("Unknown option '\(secret.flagName)'"))
    }

    @Test("the help names every flag with what is allowed and its default")
    func help() throws {
        let help = SettingFlags.helpMessage(columns: 400)
        for flag in flags {
            #expect(help.contains(flag.flagName + " "))
            #expect(
                help.contains(
                    "(\(flag.allowed); \(flag.defaultText.map { "default \($0)" } ?? "unless given")"
                )
            )
        }
        #expect(help.contains("flags show in ps"))
    }
}
