/// Where a value came from, as an operator can find it.
public enum SettingSource: Sendable, Hashable, CustomStringConvertible {
    /// A flag of the command, with its dashes.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A key of the settings file.
    case file(path: String, key: String)
    /// The contents of a file that a `..._file` setting names.
    indirect case contents(path: String, namedBy: SettingSource)
    /// Nobody gave a value: the default, or none.
    case standard

    /// A few words for a message: `environment LASTCALL_SLOTS`.
    public var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .file(let path, let key): "key \(key) in \(path)"
        case .contents(let path, let source): "file \(path), named by \(source)"
        case .standard: "default"
        }
    }
}
