import Foundation

/// Writes a Swift file with the text of templates and assets: `embed-pages OUTPUT FILE...`. Run by the build plugin of the console.
@main
struct EmbedPages {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard let output = arguments.popFirst() else { throw Failure.noOutput }
        var swift = "extension PageText {\n"
        for folder in ["Assets", "Templates"] {
            let files = arguments.map(URL.init(fileURLWithPath:))
                .filter { $0.deletingLastPathComponent().lastPathComponent == folder }
            swift += "    /// Every file of `\(folder)`, by name.\n"
            swift += "    static let \(folder.lowercased()): [String: String] = [\n"
            for file in files {
                let text = try String(contentsOf: file, encoding: .utf8)
                guard !text.contains("\"\"\"####") else { throw Failure.delimiter(file.path) }
                let name =
                    folder == "Templates"
                    ? file.deletingPathExtension().lastPathComponent : file.lastPathComponent
                swift += "        \"\(name)\": ####\"\"\"\n\(text)\n\"\"\"####,\n"
            }
            swift += "    ]\n\n"
        }
        swift += "}\n"
        try swift.write(to: URL(fileURLWithPath: output), atomically: true, encoding: .utf8)
    }

    enum Failure: Error {
        case noOutput
        case delimiter(String)
    }
}
