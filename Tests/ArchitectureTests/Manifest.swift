import FoundationEssentials

/// `Package.swift` as text: which target stands in which layer, and what it may import.
struct Manifest {
    struct Target {
        let name: String
        /// `nil` for what stands beside the layers: tools, plugins, the test kit.
        let layer: Int?
        /// Targets of this package that it names.
        let dependencies: Set<String>
        let isStrict: Bool
        let isSwift: Bool
        /// Where its sources are, from the package's folder.
        let folder: String
    }

    let targets: [Target]

    init() throws {
        targets = try Self.targets(in: Source.text("Package.swift"))
    }

    subscript(name: String) -> Target? { targets.first { $0.name == name } }

    /// Reads declarations between brackets that balance, each under the last `// Layer n` above it.
    static func targets(in text: String) -> [Target] {
        var targets: [Target] = []
        var layer: Int?
        var declaration = ""
        var depth = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.drop { $0 == " " }
            if trimmed.hasPrefix("// Layer ") { layer = trimmed.dropFirst(9).first?.wholeNumberValue }
            if trimmed.hasPrefix("// Beside the layers") { layer = nil }
            if trimmed.hasPrefix("//") { continue }
            let kinds = [
                ".target(", ".executableTarget(", ".systemLibrary(", ".plugin(", ".testTarget(", "tests(",
            ]
            if depth == 0, !kinds.contains(where: trimmed.hasPrefix) { continue }
            declaration += trimmed + " "
            depth += trimmed.count { $0 == "(" } - trimmed.count { $0 == ")" }
            guard depth == 0 else { continue }
            if let target = target(declaration, layer) { targets.append(target) }
            declaration = ""
        }
        return targets
    }

    private static func target(_ declaration: String, _ layer: Int?) -> Target? {
        guard !declaration.hasPrefix("tests("), !declaration.hasPrefix(".testTarget("),
            let name = declaration.firstMatch(of: /name: "([^"]+)"/)?.output.1
        else { return nil }
        let list = declaration.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.output.1 ?? ""
        let path = declaration.firstMatch(of: /path: "([^"]+)"/)?.output.1
        return Target(
            name: String(name),
            layer: layer,
            dependencies: Set(list.matches(of: /"([^"]+)"/).map { String($0.output.1) }),
            isStrict: declaration.contains("swiftSettings: strict"),
            isSwift: !declaration.hasPrefix(".systemLibrary(") && !declaration.hasPrefix(".plugin("),
            folder: path.map(String.init) ?? "Sources/\(name)"
        )
    }
}
