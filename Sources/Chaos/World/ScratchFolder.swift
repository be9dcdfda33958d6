internal import FoundationEssentials
internal import Glibc

/// A folder that is gone with its last reference.
final class ScratchFolder: Sendable {
    let path: String

    /// - Throws: where there is none to be had.
    init(below base: String) throws(ChaosError) {
        var path = Array("\(base)/lastcall-chaos-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else {
            throw ChaosError("no folder below \(base): errno \(errno)")
        }
        self.path = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Postgres runs as a user of its own, who must get to its data.
        unsafe chmod(self.path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
