import EmbeddedPostgres
import Foundation
import Logging

/// A data folder of one test, gone with the test.
struct Scratch {
    let path: String

    /// Makes the folder as `mktemp -d` does: only its owner may enter.
    ///
    /// - Parameter below: names of further folders, not made.
    /// - Throws: where the system gives no folder.
    init(below: String = "") throws {
        var template = Array("/tmp/embedded-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
        }
        guard let made else { throw POSIXError(.EIO) }
        root = made
        path = made + below
    }

    private let root: String

    func configuration(_ change: (inout EmbeddedClusterConfiguration) -> Void = { _ in })
        -> EmbeddedClusterConfiguration
    {
        var configuration = EmbeddedClusterConfiguration(dataDirectory: path)
        change(&configuration)
        return configuration
    }

    func cluster(_ change: (inout EmbeddedClusterConfiguration) -> Void = { _ in }) -> EmbeddedCluster {
        EmbeddedCluster(configuration: configuration(change), logger: Self.quiet)
    }

    /// The server's process, by the file that it keeps in its cluster.
    var serverID: Int32? {
        let text = try? String(contentsOfFile: path + "/postgres/postmaster.pid", encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }

    func write(_ text: String, to name: String) throws {
        let file = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try text.write(to: file, atomically: false, encoding: .utf8)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func remove() { try? FileManager.default.removeItem(atPath: root) }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A data folder for the length of a body.
func withScratch(
    below: String = "",
    _ body: (Scratch) async throws -> Void
) async throws {
    let scratch = try Scratch(below: below)
    defer { scratch.remove() }
    try await body(scratch)
}

/// A running cluster for the length of a body.
func withRunning(_ cluster: EmbeddedCluster, _ body: () async throws -> Void) async throws {
    try await cluster.start()
    do {
        try await body()
    } catch {
        try? await cluster.stop()
        throw error
    }
    try await cluster.stop()
}
