import EmbeddedPostgres
import Foundation

/// What a program printed, and how it ended.
struct Program: Sendable {
    let output: String
    let status: Int32

    /// Runs a program to its end.
    static func run(_ path: String, _ arguments: [String]) async throws -> Program {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        async let data = Task.detached { pipe.fileHandleForReading.readDataToEndOfFile() }.value
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let text = String(decoding: await data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Program(output: text, status: status)
    }

    /// Runs SQL as the program's own client would, by the connection string.
    static func psql(_ connectionString: String, _ sql: String) async throws -> String {
        try await run(
            "/usr/bin/env",
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", connectionString, "-c", sql]
        ).output
    }

    /// The folder of the newest server programs.
    static var binaries: String {
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return "/usr/lib/postgresql/\(installed.compactMap { Int($0) }.max() ?? 0)/bin"
    }
}
