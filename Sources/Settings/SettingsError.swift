/// Why the settings cannot be used; the description is one line for the operator and never holds a secret.
public enum SettingsError: Error, Sendable, Hashable {
    /// Nobody knows this name; the nearest known one is in the spelling of the same place.
    case unknownName(SettingSource, nearest: String)
    /// The setting exists, but not in this place: a secret as a flag, or `config` in the file.
    case notAllowedHere(setting: String, source: SettingSource, instead: String)
    /// The value is not among what is allowed; `value` is ready to print, and `nil` for a secret.
    case invalidValue(setting: String, source: SettingSource, value: String?, allowed: String)
    /// A secret is given both as itself and through a file.
    case givenTwice(setting: String, SettingSource, SettingSource)
    /// The file that the setting names cannot be read.
    case unreadableFile(setting: String, source: SettingSource, path: String, FileProblem)
    /// The file that should hold a secret is empty.
    case emptyFile(setting: String, source: SettingSource, path: String)
    /// The settings file is not TOML from this place on, counted from 1. What stands there is not repeated: it may be
    /// half a secret.
    case malformedFile(path: String, line: Int, column: Int)
    /// The settings file writes U+0000 as an escape, which would cut a value short.
    case nulInFile(path: String)
    /// Two values that make no sense together, and where each came from.
    case contradiction(SettingContradiction, SettingSource, SettingSource)
}

extension SettingsError: CustomStringConvertible {
    /// One line: the setting, where its value came from, what is allowed.
    public var description: String {
        switch self {
        case .unknownName(let source, let nearest):
            "unknown setting (\(source)); the nearest known name is \(nearest)"
        case .notAllowedHere(let setting, let source, let instead):
            "\(setting) cannot be given as \(source); give it as \(instead)"
        case .invalidValue(let setting, let source, let value?, let allowed):
            "\(setting) (\(source)) is \(value); allowed: \(allowed)"
        case .invalidValue(let setting, let source, nil, let allowed):
            "\(setting) (\(source)) cannot be used; allowed: \(allowed)"
        case .givenTwice(let setting, let first, let second):
            "\(setting) is given twice: \(first), and \(second); keep one"
        case .unreadableFile(let setting, let source, let path, let problem):
            "\(setting) (\(source)): cannot read \(path): \(problem)"
        case .emptyFile(let setting, let source, let path):
            "\(setting) (\(source)): \(path) is empty"
        case .malformedFile(let path, let line, let column):
            "\(path), line \(line), column \(column): not TOML; a setting is name = value, and text stands in quotes"
        case .nulInFile(let path):
            "\(path): the escape for U+0000 is not allowed"
        case .contradiction(let contradiction, let first, let second):
            "\(contradiction) (\(first); \(second))"
        }
    }
}
