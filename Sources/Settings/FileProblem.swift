internal import Glibc

/// Why a file that a setting names could not be read.
public enum FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The system refused; its error number.
    case system(code: Int32)
    /// The file is longer than this many bytes.
    case tooLong(limit: Int)
    /// The file is not UTF-8, or it holds U+0000.
    case notText

    /// The system's own words, or ours.
    public var description: String {
        switch self {
        case .system(let code): unsafe String(cString: strerror(code))
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .notText: "it is not UTF-8 text"
        }
    }
}
