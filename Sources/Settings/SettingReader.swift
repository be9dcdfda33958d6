internal import Configuration

/// Reads settings from layers, the first that has a value wins, and remembers where each value came from.
struct SettingReader {
    private let layers: [SettingLayer]
    private let reader: ConfigReader
    private let readFile: (String) throws(FileProblem) -> String
    private(set) var origins: [String: SettingSource] = [:]

    init(layers: [SettingLayer], readFile: @escaping (String) throws(FileProblem) -> String) {
        self.layers = layers
        self.readFile = readFile
        let defaults = SettingTable.all.compactMap { definition in
            definition.defaultText.map {
                (AbsoluteConfigKey([definition.name]), ConfigValue(.string($0), isSecret: false))
            }
        }
        let fallback = InMemoryProvider(name: "defaults", values: Dictionary(defaults) { first, _ in first })
        reader = ConfigReader(providers: layers.map(\.provider) + [fallback])
    }

    /// A setting that has a default.
    mutating func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        if let value = try optional(setting) { return value }
        let definition = setting.definition
        throw .invalidValue(
            setting: definition.name,
            source: .standard,
            value: nil,
            allowed: definition.allowed
        )
    }

    /// A setting that may be absent.
    mutating func optional<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
        let definition = setting.definition
        let source = source(of: definition)
        origins[definition.name] = source
        guard let text = text(of: definition) else { return nil }
        return try value(of: setting, from: text, source: source)
    }

    /// A secret, given as itself or through a file.
    mutating func secret<Value>(_ setting: Setting<Secret<Value>>) throws(SettingsError) -> Secret<Value>? {
        let definition = setting.definition
        let fileForm = definition.fileForm
        let fileSource = source(of: fileForm)
        guard let path = text(of: fileForm) else {
            origins[fileForm.name] = fileSource
            return try optional(setting)
        }
        guard text(of: definition) == nil else {
            throw .givenTwice(setting: definition.name, source(of: definition), fileSource)
        }
        let source = SettingSource.contents(path: path, namedBy: fileSource)
        (origins[definition.name], origins[fileForm.name]) = (source, fileSource)
        let text = try contents(of: path, setting: fileForm.name, source: fileSource)
        return try value(of: setting, from: text, source: source)
    }

    private func contents(
        of path: String,
        setting: String,
        source: SettingSource
    ) throws(SettingsError) -> String {
        var bytes: [UInt8]
        do {
            bytes = Array(try readFile(path).utf8)
        } catch {
            throw .unreadableFile(setting: setting, source: source, path: path, error)
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .emptyFile(setting: setting, source: source, path: path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func value<Value>(
        of setting: Setting<Value>,
        from text: String,
        source: SettingSource
    ) throws(SettingsError) -> Value {
        if let value = setting.read(text) { return value }
        let definition = setting.definition
        throw .invalidValue(
            setting: definition.name,
            source: source,
            value: definition.isSecret ? nil : Self.quoted(text),
            allowed: definition.allowed
        )
    }

    private func text(of definition: SettingDefinition) -> String? {
        reader.string(forKey: ConfigKey([definition.name]), isSecret: definition.isSecret)
    }

    private func source(of definition: SettingDefinition) -> SettingSource {
        layers.first { $0.values[definition.name] != nil }?.source(of: definition) ?? .standard
    }

    /// A value for a message: on one line, and not endless.
    private static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { $0.escaped(asASCII: true) }.joined()
        return "\"\(shown)\(text.unicodeScalars.count > 80 ? "..." : "")\""
    }
}
