import Foundation

/// What a container engine takes from a manifest of `deploy/kubernetes`: the program's arguments and environment.
struct PodManifest {
    let arguments: [String]
    let environment: [String: String]

    /// Reads the manifest of a workload with one container.
    init(_ name: String) throws {
        let lines = try InstalledFleet.text("deploy/kubernetes/\(name).yaml").split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        arguments = lines.first { $0.hasPrefix("args: ") }.map(Self.words) ?? []
        var environment: [String: String] = [:]
        for (line, next) in zip(lines, lines.dropFirst())
        where line.hasPrefix("- name: LASTCALL_") && next.hasPrefix("value: ") {
            environment[String(line.dropFirst("- name: ".count))] = String(next.dropFirst("value: ".count))
        }
        self.environment = environment
    }

    /// The settings file of the ConfigMap.
    static func settings() throws -> String {
        try InstalledFleet.text("deploy/kubernetes/config.yaml").split(separator: "\n")
            .drop { !$0.hasSuffix("lastcall.toml: |") }.dropFirst()
            .map { $0.dropFirst(4) + "\n" }.joined()
    }

    /// The command of the Compose file's health checks.
    static func healthCheck() throws -> [String] {
        let text = try InstalledFleet.text("deploy/compose/compose.yaml")
        let line = text.split(separator: "\n").first { $0.contains("\"health\"") }.map(String.init) ?? ""
        return Array(words(line).drop { $0 == "CMD" })
    }

    /// What stands between quotation marks.
    private static func words(_ line: String) -> [String] {
        line.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
