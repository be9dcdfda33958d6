import Settings

/// Files by path, instead of a disk; what is not in it does not exist.
struct FakeFiles: Sendable {
    var texts: [String: String] = [:]

    func read(_ path: String) throws(FileProblem) -> String {
        guard let text = texts[path] else { throw .system(code: 2) }
        return text
    }
}

/// Loads settings from the three places; a file's text makes it the settings file `/lastcall.toml`.
func load(
    flags: [String: String] = [:],
    environment: [String: String] = [:],
    file: String? = nil,
    files: [String: String] = [:]
) throws(SettingsError) -> LastcallSettings {
    var (texts, variables) = (files, environment)
    if let file {
        texts["/lastcall.toml"] = file
        variables["LASTCALL_CONFIG"] = "/lastcall.toml"
    }
    let fake = FakeFiles(texts: texts)
    return try LastcallSettings.load(flags: flags, environment: variables) { path throws(FileProblem) in
        try fake.read(path)
    }
}

/// 32 zero bytes in base64.
let zeroKey = String(repeating: "A", count: 43) + "="
