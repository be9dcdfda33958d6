import Foundation

/// A folder of its own for a test, with its files; gone with its last reference.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes the folder, open to its owner alone.
    ///
    /// - Throws: where the system refuses.
    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lastcall-test-\(UUID().uuidString)")
        path = url.path(percentEncoded: false)
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, in the place of one that is there.
    ///
    /// - Parameters:
    ///   - text: what is in it.
    ///   - name: its name.
    ///   - mode: who may do what.
    /// - Throws: where the system refuses.
    public func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }
}
