import Foundation

/// Writes a Swift file with the text of SQL files: `embed-sql OUTPUT FILE...`. Run by the build plugin of `sql/`.
@main
struct EmbedSQL {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard let output = arguments.popFirst() else { throw Failure.noOutput }
        var swift = "extension SQLText {\n"
        for folder in ["migrations", "queries"] {
            let files = arguments.map(URL.init(fileURLWithPath:))
                .filter { $0.deletingLastPathComponent().lastPathComponent == folder }
            swift += "    /// Every file of `sql/\(folder)`, in the order of their names.\n"
            swift +=
                "    public static let \(folder): [File] = [\(files.map(name).map { "`\($0)`" }.joined(separator: ", "))]\n\n"
            for file in files {
                let text = try String(contentsOf: file, encoding: .utf8)
                guard !text.contains("\"\"\"####") else { throw Failure.delimiter(file.path) }
                swift += "    /// `sql/\(folder)/\(name(file)).sql`\n"
                swift +=
                    "    public static let `\(name(file))` = File(name: \"\(name(file))\", text: ####\"\"\"\n\(text)\n\"\"\"####)\n\n"
            }
        }
        swift += "}\n"
        try swift.write(to: URL(fileURLWithPath: output), atomically: true, encoding: .utf8)
    }

    static func name(_ file: URL) -> String { file.deletingPathExtension().lastPathComponent }

    enum Failure: Error {
        case noOutput
        case delimiter(String)
    }
}
