internal import Configuration

/// The values that one place gives, by setting name.
struct SettingLayer: Sendable {
    let place: SettingDefinition.Places
    let values: [String: String]
    /// The settings file, for messages.
    var path: String = ""

    /// The flags that were given, checked by name.
    static func flags(_ values: [String: String]) throws(SettingsError) -> SettingLayer {
        for name in values.keys.sorted() {
            let flag = "--" + String(name.map { $0 == "_" ? "-" : $0 })
            _ = try SettingTable.definition(named: name, place: .flag, source: .flag(flag))
        }
        return SettingLayer(place: .flag, values: values)
    }

    /// The variables of the environment that begin with `LASTCALL_`, checked by name; all others are not ours.
    static func environment(_ variables: [String: String]) throws(SettingsError) -> SettingLayer {
        var values: [String: String] = [:]
        for variable in variables.keys.sorted() where variable.hasPrefix(SettingDefinition.environmentPrefix)
        {
            let name = String(variable.dropFirst(SettingDefinition.environmentPrefix.count))
            let source = SettingSource.environment(variable)
            let definition = try SettingTable.definition(
                named: name.lowercased(),
                place: .environment,
                source: source
            )
            // Names are upper case throughout: LASTCALL_slots is another variable that nobody reads.
            guard variable == definition.environmentName else {
                throw .unknownName(source, nearest: definition.environmentName)
            }
            values[definition.name] = variables[variable]
        }
        return SettingLayer(place: .environment, values: values)
    }

    /// The keys of the settings file.
    static func file(_ text: String, path: String) throws(SettingsError) -> SettingLayer {
        SettingLayer(place: .file, values: try SettingsFile.parse(text, path: path), path: path)
    }

    /// Where this layer's value of a setting stands.
    func source(of definition: SettingDefinition) -> SettingSource {
        switch place {
        case .flag: .flag(definition.flagName)
        case .environment: .environment(definition.environmentName)
        default: .file(path: path, key: definition.name)
        }
    }

    /// The layer for the reader; secrets are marked, so that an access log of the reader hides them.
    var provider: InMemoryProvider {
        let secrets = Set(SettingTable.all.filter(\.isSecret).map(\.name))
        let pairs = values.map { name, text in
            (AbsoluteConfigKey([name]), ConfigValue(.string(text), isSecret: secrets.contains(name)))
        }
        return InMemoryProvider(values: Dictionary(pairs) { first, _ in first })
    }
}
