internal import FoundationEssentials
internal import Logging

/// A setting together with how its text becomes a value.
struct Setting<Value: Sendable>: Sendable {
    let definition: SettingDefinition
    /// `nil` where the text is not among what is allowed.
    let read: @Sendable (String) -> Value?
}

extension Setting {
    init(
        _ name: String,
        _ kind: SettingDefinition.Kind,
        default defaultText: String?,
        without: String = "",
        allowed: String,
        example: String = "",
        isSecret: Bool = false,
        places: SettingDefinition.Places = [.flag, .environment, .file],
        _ help: String,
        read: @escaping @Sendable (String) -> Value?
    ) {
        definition = SettingDefinition(
            name: name,
            kind: kind,
            defaultText: defaultText,
            withoutValue: without,
            allowed: allowed,
            example: example,
            help: help,
            isSecret: isSecret,
            places: places
        )
        self.read = read
    }
}

extension Setting<Bool> {
    static func boolean(_ name: String, default value: Bool, _ help: String) -> Setting {
        Setting(name, .boolean, default: "\(value)", allowed: "true or false", help) { text in
            switch text {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }
}

extension Setting<Int> {
    static func integer(
        _ name: String,
        default value: Int,
        _ range: ClosedRange<Int>,
        unit: String = "",
        _ help: String
    ) -> Setting {
        let allowed =
            "a whole number, \(range.lowerBound) to \(range.upperBound)" + (unit.isEmpty ? "" : " \(unit)")
        return Setting(name, .integer, default: "\(value)", allowed: allowed, help) { text in
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting<Duration> {
    /// A time in seconds, with or without a fraction.
    static func seconds(
        _ name: String,
        default value: Int,
        from shortest: Double,
        to longest: Int,
        _ help: String
    ) -> Setting {
        let lowest = shortest == shortest.rounded() ? "\(Int(shortest))" : "\(shortest)"
        let allowed = "\(lowest) to \(longest) seconds"
        return Setting(name, .decimal, default: "\(value)", allowed: allowed, help) { text in
            guard let duration = DecimalSeconds.parse(text) else { return nil }
            return (.seconds(shortest) ... .seconds(longest)).contains(duration) ? duration : nil
        }
    }

    static func milliseconds(
        _ name: String,
        default value: Int,
        _ range: ClosedRange<Int>,
        _ help: String
    ) -> Setting {
        let whole = Setting<Int>.integer(name, default: value, range, unit: "milliseconds", help)
        return Setting(definition: whole.definition) { text in whole.read(text).map { .milliseconds($0) } }
    }
}

extension Setting<String> {
    static func path(
        _ name: String,
        default value: String? = nil,
        without: String = "",
        example: String = "",
        places: SettingDefinition.Places = [.flag, .environment, .file],
        _ help: String
    ) -> Setting {
        Setting(
            name,
            .text,
            default: value,
            without: without,
            allowed: "a path",
            example: example,
            places: places,
            help
        ) { text in text.isEmpty || text.utf8.contains(where: { $0 < 0x20 }) ? nil : text }
    }
}

extension Setting<String> {
    /// One of a few words.
    static func word(_ name: String, default value: String, of words: [String], _ help: String) -> Setting {
        let allowed = "one of \(words.joined(separator: ", "))"
        return Setting(name, .text, default: value, allowed: allowed, help) { words.contains($0) ? $0 : nil }
    }
}

extension Setting<ListenAddress> {
    static func address(_ name: String, default value: String, unix: Bool, _ help: String) -> Setting {
        let allowed = "host:port, [IPv6]:port" + (unix ? " or unix:/path" : "")
        return Setting(name, .text, default: value, allowed: allowed, help) { text in
            guard let address = ListenAddress(text) else { return nil }
            if case .unix = address, !unix { return nil }
            return address
        }
    }
}

extension Setting<ProxyAddress> {
    static func proxy(_ name: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: "none",
            allowed: "http://host:port or https://host:port, without credentials",
            example: "http://proxy.example.com:3128",
            help
        ) { text in ProxyAddress(text) }
    }
}

extension Setting<Logger.Level> {
    static func level(_ name: String, default value: Logger.Level, _ help: String) -> Setting {
        let allowed = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return Setting(name, .text, default: value.rawValue, allowed: "one of \(allowed)", help) { text in
            Logger.Level(rawValue: text)
        }
    }
}

extension Setting<Secret<String>> {
    static func connectionString(_ name: String, without: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: without,
            allowed: "postgresql://user@host/database, or libpq's host=... dbname=...",
            example: "postgresql://lastcall@db.example.com/lastcall",
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            guard !text.utf8.contains(where: { $0 < 0x20 }) else { return nil }
            let isForm =
                text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") || text.contains("=")
            return isForm ? Secret(text) : nil
        }
    }

    static func credentials(_ name: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: "none",
            allowed: "user:password, at most 512 bytes without control characters",
            example: "lastcall:a-long-password",
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                return nil
            }
            return text.dropFirst().contains(":") && !text.hasPrefix(":") ? Secret(text) : nil
        }
    }

    static func operatorKey(_ name: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: "made by lastcall up, otherwise none",
            allowed: "32 to 255 visible ASCII characters",
            example: "printed by: openssl rand -base64 33",
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            guard (32...255).contains(text.utf8.count) else { return nil }
            return text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? Secret(text) : nil
        }
    }
}

extension Setting<Secret<String>> {
    /// A secret of one word.
    static func word(
        _ name: String,
        without: String,
        allowed: String,
        example: String,
        _ lengths: ClosedRange<Int>,
        _ help: String
    ) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: without,
            allowed: allowed,
            example: example,
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            let isVisible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isVisible && lengths.contains(text.utf8.count) ? Secret(text) : nil
        }
    }
}

extension Setting<Secret<[[UInt8]]>> {
    /// Several encryption keys, one on each line or between commas.
    static func encryptionKeys(_ name: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: "none",
            allowed: "at most 8 keys as key_encryption_key has one, between commas or one on each line",
            example: "the key that was current before",
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            let one = Setting<Secret<[UInt8]>>.encryptionKey("", "")
            let parts = text.split { $0 == "," || $0.isNewline }
            let keys = parts.compactMap { one.read($0.trimmingPrefix(" ").description)?.reveal() }
            guard (1...8).contains(keys.count), keys.count == parts.count else { return nil }
            return Secret(keys)
        }
    }
}

extension Setting<Secret<[UInt8]>> {
    static func encryptionKey(_ name: String, _ help: String) -> Setting {
        Setting(
            name,
            .text,
            default: nil,
            without: "made by lastcall up, otherwise required",
            allowed: "base64 of exactly 32 bytes (44 characters)",
            example: "printed by: openssl rand -base64 32",
            isSecret: true,
            places: [.environment, .file],
            help
        ) { text in
            guard let data = Data(base64Encoded: text), data.count == 32 else { return nil }
            // One spelling of a key only: what the decoder is lenient about is refused.
            return data.base64EncodedString() == text ? Secret([UInt8](data)) : nil
        }
    }
}
