import Foundation
import Settings
import Testing

@Suite("Settings: example file and reference")
struct ReferenceTests {
    /// The folder of the package, from where this file is.
    private let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(
        "the written settings are what the table says; if not, run scripts/settings",
        arguments: [
            ("lastcall.example.toml", LastcallSettings.exampleTOML),
            ("docs/settings.md", LastcallSettings.referenceMarkdown),
        ]
    )
    func written(path: String, text: String) throws {
        let file = package.appending(path: path)
        if ProcessInfo.processInfo.environment["LASTCALL_WRITE_SETTINGS"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test("the example changes nothing as it is")
    func exampleIsDefaults() throws {
        let settings = try load(file: LastcallSettings.exampleTOML)
        #expect(settings.origins.filter { $0.value != .standard }.keys.sorted() == ["config"])
    }

    @Test("each line of the example with a default is that default when it is taken in")
    func exampleLines() throws {
        let lines = LastcallSettings.exampleTOML.split(separator: "\n").filter {
            $0.hasPrefix("#") && !$0.hasPrefix("# ")
        }
        let known = LastcallSettings.definitions.filter { $0.places.contains(.file) }
        #expect(lines.map { $0.dropFirst().prefix { $0 != " " } }.map(String.init) == known.map(\.name))
        let defaults = zip(lines, known).filter { $0.1.defaultText != nil }.map { $0.0.dropFirst() }
        let (settings, bare) = (try load(file: defaults.joined(separator: "\n")), try load(file: ""))
        let origins = settings.origins.filter { known.map(\.name).contains($0.key) && $0.value != .standard }
        #expect(origins.count == defaults.count)
        #expect(Self.values(settings) == Self.values(bare))
    }

    private static func values(_ settings: LastcallSettings) -> [String] {
        Mirror(reflecting: settings).children.filter { $0.label != "origins" }.map {
            "\($0.label ?? ""): \($0.value)"
        }
    }
}
