import Foundation
import LastcallTestKit

/// What the kernel says of a running process.
struct ProcessFacts {
    private let status: [String: String]
    private let mounts: [[Substring]]
    private let swiftLibraries: [String]

    init(_ process: LastcallProcess) throws {
        var status: [String: String] = [:]
        for line in try Self.lines("status", process) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { status[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        self.status = status
        mounts = try Self.lines("mountinfo", process).map { $0.split(separator: " ") }
        swiftLibraries = try Self.lines("maps", process).compactMap { line in
            line.split(separator: " ").last.map(String.init)
        }
        .filter { $0.contains("/libswift") || $0.contains("/libFoundation") }
    }

    /// The lines of a file that the kernel writes while it is read, a piece at a time.
    private static func lines(_ file: String, _ process: LastcallProcess) throws -> [Substring] {
        let handle = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process.id)/\(file)"))
        var bytes = Data()
        while let piece = try handle.read(upToCount: 65_536), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    /// Its real, effective, saved and file system user.
    var users: [String] { (status["Uid"] ?? "").split(separator: "\t").map(String.init) }

    /// Whether it has, and can get, no capability.
    var isPowerless: Bool {
        status["CapEff"] == "0000000000000000" && status["CapPrm"] == "0000000000000000"
            && status["NoNewPrivs"] == "1"
    }

    /// Whether its system calls are filtered.
    var isFiltered: Bool { status["Seccomp"] == "2" }

    /// Whether it runs with the Swift libraries of the installation, and with no others.
    var isSelfContained: Bool {
        !swiftLibraries.isEmpty && swiftLibraries.allSatisfy { $0.contains("/usr/lib/lastcall/") }
    }

    /// Whether no file system at this place can be written to.
    func isReadOnly(at place: String) -> Bool {
        let options = mounts.filter { $0[4] == place }.map { $0[5].split(separator: ",") }
        return options.last?.contains("ro") == true
    }
}
