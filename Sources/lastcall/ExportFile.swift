import Foundation

/// Where an export goes: a new file, the end of one that is gone on with, or standard output.
struct ExportFile {
    private let handle: FileHandle
    private let path: String

    /// Opens it; a last line that was cut off is removed from a file that is gone on with.
    init(_ path: String?, isContinued: Bool) throws {
        guard let path else {
            (handle, self.path) = (.standardOutput, "standard output")
            return
        }
        self.path = path
        let isThere = FileManager.default.fileExists(atPath: path)
        guard !isThere || isContinued else {
            throw Failure("\(path) is there already; --after-id goes on with it")
        }
        // What an audit trail tells is nobody else's business.
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard isThere || FileManager.default.createFile(atPath: path, contents: nil, attributes: attributes),
            let handle = FileHandle(forUpdatingAtPath: path)
        else { throw Failure("\(path) cannot be written") }
        self.handle = handle
        try cutOffHalfLine()
    }

    func write(_ bytes: [UInt8]) throws {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw Failure("\(path) cannot be written")
        }
    }

    /// Returns once the file is on the disk.
    func close() throws {
        guard path != "standard output" else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw Failure("\(path) cannot be written to its end")
        }
    }

    private func cutOffHalfLine() throws {
        var end = try handle.seekToEnd()
        while end > 0 {
            let start = end > 65_536 ? end - 65_536 : 0
            try handle.seek(toOffset: start)
            let bytes = try handle.read(upToCount: Int(end - start)) ?? Data()
            if let last = bytes.lastIndex(of: UInt8(ascii: "\n")) {
                end = start + UInt64(bytes.distance(from: bytes.startIndex, to: last)) + 1
                break
            }
            end = start
        }
        try handle.truncate(atOffset: end)
        try handle.seekToEnd()
    }
}
