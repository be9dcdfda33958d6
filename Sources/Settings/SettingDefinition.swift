/// One setting as an operator meets it: its names, what it may hold, and what it is for.
///
/// Flags, environment names, validation, the example file and the reference all derive from these.
public struct SettingDefinition: Sendable, Hashable {
    /// How a value is written in the file.
    public enum Kind: Sendable, Hashable {
        /// A string.
        case text
        /// `true` or `false`.
        case boolean
        /// A whole number.
        case integer
        /// A number that may have a fraction.
        case decimal
    }

    /// The places a setting may be given in.
    public struct Places: OptionSet, Sendable, Hashable {
        /// One bit a place.
        public let rawValue: Int

        /// Makes a set from its bits.
        ///
        /// - Parameter rawValue: one bit a place.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// A flag of the command.
        public static let flag: Places = Places(rawValue: 1)
        /// A variable of the environment.
        public static let environment: Places = Places(rawValue: 2)
        /// A key of the file.
        public static let file: Places = Places(rawValue: 4)
    }

    /// The name in the file; the other names derive from it.
    public let name: String
    /// How a value is written.
    public let kind: Kind
    /// The default as an operator would write it; `nil` where there is none.
    public let defaultText: String?
    /// What happens without a value, where there is no default: a few words such as `an embedded Postgres`.
    public let withoutValue: String
    /// What a value may be, with its unit: `4 to 600 seconds`.
    public let allowed: String
    /// A value to show in the example file where there is no default.
    public let example: String
    /// What the setting is for: one or two sentences.
    public let help: String
    /// Whether the value must never be printed.
    public let isSecret: Bool
    /// Where it may be given. A secret is never a flag, since every user of the machine sees flags in `ps`.
    public let places: Places

    /// The variable of the environment: `LASTCALL_LEASE_SECONDS`.
    public var environmentName: String { Self.environmentPrefix + name.uppercased() }

    /// The flag: `--lease-seconds`.
    public var flagName: String { "--" + flagWord }

    /// The flag without its dashes.
    var flagWord: String { String(name.map { $0 == "_" ? "-" : $0 }) }

    /// For a secret, the setting that names a file with its value: `database_url_file`.
    ///
    /// One newline at the end of the file is cut.
    public var fileForm: SettingDefinition {
        SettingDefinition(
            name: name + "_file",
            kind: .text,
            defaultText: nil,
            withoutValue: "not read",
            allowed: "the path of a readable file that is not empty",
            example: "/run/secrets/\(name)",
            help: "A file that holds \(name). A secret itself is never a flag: flags show in ps.",
            isSecret: false,
            places: [.flag, .environment, .file]
        )
    }

    static let environmentPrefix = "LASTCALL_"
}
