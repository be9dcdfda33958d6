internal import FoundationEssentials
internal import LastcallTestKit

/// A copy of the sources in which one defect at a time is planted, with a build folder of its own that stays warm.
struct PlantedTree: Sendable {
    /// What a build needs.
    private static let parts = ["Package.swift", "Package.resolved", "Plugins", "Sources", "Tests", "sql"]

    private let sources: String
    /// The copy.
    let folder: String
    /// Where `lastcall` and `lastcall-chaos` lie beside each other, as the harness wants them.
    var programs: String { folder + "/../bin" }

    /// Describes a copy; copies nothing.
    ///
    /// - Parameters:
    ///   - sources: the folder with Package.swift.
    ///   - folder: for the copy.
    init(of sources: String, in folder: String) {
        (self.sources, self.folder) = (sources, folder)
    }

    /// Every defect that there is data for, by name.
    func defects() throws -> [PlantedDefect] {
        let place = sources + "/Tests/Planted"
        return try FileManager.default.contentsOfDirectory(atPath: place).filter { $0.hasSuffix(".txt") }
            .sorted()
            .map { try PlantedDefect(name: String($0.dropLast(4)), text: Self.text(place + "/" + $0)) }
    }

    /// Makes the copy what the sources are, but for what a defect changes. Files that are the same stay untouched, so
    /// that little is built anew.
    func plant(_ defect: PlantedDefect?) throws {
        let changed = try defect?.planted { try Self.text(sources + "/" + $0) } ?? [:]
        let files = FileManager.default
        var wanted: Set<String> = []
        for part in Self.parts { wanted.formUnion(try Self.files(below: part, of: sources)) }
        for path in wanted {
            let data: Data
            if let text = changed[path] {
                data = Data(text.utf8)
            } else {
                data = try Data(contentsOf: URL(filePath: sources + "/" + path))
            }
            let target = URL(filePath: folder + "/" + path)
            guard (try? Data(contentsOf: target)) != data else { continue }
            try files.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try data.write(to: target)
        }
        for part in Self.parts {
            for path in (try? Self.files(below: part, of: folder)) ?? [] where !wanted.contains(path) {
                try files.removeItem(atPath: folder + "/" + path)
            }
        }
    }

    /// Builds; what the compiler says is in the error.
    func build(_ what: String) async throws {
        try await run(#"cd "$1" && swift build $2"#, [folder, what], log: folder + "/../build.log")
    }

    /// Runs a shell script with what it prints in a file; the end of that is in the error.
    func run(_ script: String, _ arguments: [String], log: String) async throws {
        do {
            try await offPool { try Shell.run("exec >'\(log)' 2>&1\n" + script, arguments) }
        } catch {
            throw ChaosError("\(error)\n\((try? Self.text(log))?.suffix(2_000) ?? "")")
        }
    }

    static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ChaosError("there is no \(path)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func files(below part: String, of root: String) throws -> [String] {
        let path = root + "/" + part
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
        guard isFolder else { return [part] }
        return try FileManager.default.contentsOfDirectory(atPath: path).flatMap {
            try files(below: part + "/" + $0, of: root)
        }
    }
}
