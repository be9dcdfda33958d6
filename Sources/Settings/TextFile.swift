internal import Glibc

/// Reads the small text files that settings name.
public enum TextFile {
    /// The longest file that is read, in bytes.
    public static let limit: Int = 1_048_576

    /// Reads a whole file.
    ///
    /// - Parameter path: absolute, or relative to the working folder.
    /// - Returns: its text.
    /// - Throws: ``FileProblem``.
    public static func read(_ path: String) throws(FileProblem) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            guard count > 0 else {
                let code = errno
                if code == EINTR { continue }
                throw .system(code: code)
            }
            bytes += chunk.prefix(count)
            guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        return text
    }
}
