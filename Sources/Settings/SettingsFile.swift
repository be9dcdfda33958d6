internal import TOMLKit

/// The settings file: flat TOML, `name = value`.
enum SettingsFile {
    /// Turns the file's text into texts by key, each checked to be of its setting's kind.
    ///
    /// - Parameters:
    ///   - text: the whole file.
    ///   - path: for messages.
    /// - Returns: the texts, by setting name.
    /// - Throws: ``SettingsError`` for text that is not TOML, unknown keys, and values of another kind.
    static func parse(_ text: String, path: String) throws(SettingsError) -> [String: String] {
        // The parser hands strings over as C strings: U+0000 would silently cut a secret short.
        guard !text.contains("\\u0000"), !text.contains("\\U00000000") else { throw .nulInFile(path: path) }
        let table = try table(text, path: path)
        var values: [String: String] = [:]
        for key in table.keys.sorted() {
            let source = SettingSource.file(path: path, key: key)
            let definition = try SettingTable.definition(named: key, place: .file, source: source)
            guard let value = table[key] else { continue }
            guard let text = self.text(value, as: definition.kind) else {
                let found = definition.isSecret ? nil : "of TOML type \(value.type)"
                throw .invalidValue(setting: key, source: source, value: found, allowed: definition.allowed)
            }
            values[key] = text
        }
        return values
    }

    private static func table(_ text: String, path: String) throws(SettingsError) -> TOMLTable {
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let start = error.source.begin
            throw .malformedFile(path: path, line: start.line, column: start.column)
        } catch {
            throw .malformedFile(path: path, line: 1, column: 1)
        }
    }

    private static func text(_ value: any TOMLValueConvertible, as kind: SettingDefinition.Kind) -> String? {
        switch kind {
        case .text: value.string
        case .boolean: value.bool.map { "\($0)" }
        case .integer: value.int.map { "\($0)" }
        case .decimal: value.int.map { "\($0)" } ?? value.double.map { "\($0)" }
        }
    }
}
