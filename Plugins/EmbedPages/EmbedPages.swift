import Foundation
import PackagePlugin

/// Turns the console's templates and assets into Swift constants at each build, so that a new file is noticed.
@main
struct EmbedPages: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "PageText+Files.swift")
        var inputs: [URL] = []
        for (folder, endings) in [("Assets", ["css", "js", "svg"]), ("Templates", ["mustache"])] {
            let url = target.directoryURL.appending(path: folder)
            inputs += try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
                .filter { endings.contains($0.pathExtension) }
        }
        inputs.sort { $0.path < $1.path }
        return [
            .buildCommand(
                displayName: "Embedding the console's pages",
                executable: try context.tool(named: "embed-pages").url,
                arguments: [output.path] + inputs.map(\.path),
                inputFiles: inputs,
                outputFiles: [output]
            )
        ]
    }
}
