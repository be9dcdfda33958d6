extension LastcallSettings {
    /// Every setting there is, in the order of the reference; the `..._file` forms of secrets among them.
    public static var definitions: [SettingDefinition] { SettingTable.all }

    /// `lastcall.example.toml`: every setting with its default, its unit and its other names, all commented out.
    public static var exampleTOML: String {
        var lines = [
            "# Settings of Lastcall. Name this file with --config or LASTCALL_CONFIG.",
            "# Flags come before the environment, the environment before this file, this file before the defaults.",
            "# A line that begins with \"#\" and a name is that setting with its default, or with an example.",
        ]
        for group in SettingTable.groups {
            lines += ["", "# --- \(group.title) ---"]
            for definition in group.settings where definition.places.contains(.file) {
                lines += ["", "# \(definition.help)"]
                lines.append("# \(definition.allowed); \(definition.fallback)")
                lines.append("# \(definition.otherNames)")
                lines.append("#\(definition.name) = \(definition.exampleValue)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The reference of all settings as Markdown tables.
    public static var referenceMarkdown: String {
        var lines = [
            "# Settings", "",
            "Flags come before the environment, the environment before the file, the file before the defaults.",
            "An unknown name or two values that contradict each other stop the start.",
        ]
        for group in SettingTable.groups {
            lines += [
                "", "## \(group.title)", "", "| setting | allowed | unless told | what it is for |",
                "|---|---|---|---|",
            ]
            for definition in group.settings {
                let names = "`\(definition.name)`<br>\(definition.otherNames)"
                lines.append(
                    "| \(names) | \(definition.allowed) | \(definition.defaultText ?? definition.withoutValue) | \(definition.help) |"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension SettingDefinition {
    /// What holds where nobody gives a value.
    var fallback: String { defaultText.map { "default \($0)" } ?? "unless given: \(withoutValue)" }

    /// The names in the other places.
    var otherNames: String {
        places.contains(.flag) ? "\(environmentName), \(flagName)" : environmentName
    }

    /// The default, or the example, as the file writes it.
    var exampleValue: String {
        let value = defaultText ?? example
        return kind == .text ? "\"\(value)\"" : value
    }
}
