import CCurl
import Glibc

/// Reads files of a few kilobytes that an operator has written.
enum SmallFile {
    private static let maximumBytes = 262_144

    /// The whole of a regular file.
    static func read(_ path: String) throws(TLSIdentityError) -> [UInt8] {
        // Not to wait for whoever would write to a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing(path) : .unreadable(path, code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path, code: 0)
        }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Glibc.read(descriptor, &block, block.count)
            guard count >= 0 else { throw .unreadable(path, code: errno) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: block.prefix(count))
            guard bytes.count <= maximumBytes else { throw .unreadable(path, code: 0) }
        }
    }

    /// The names in a folder; `nil` where it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let handle = unsafe opendir(folder) else { return nil }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            names.append(name)
        }
        return names
    }
}

/// What tells that a file is not the one it was.
struct FileStamp: Hashable, Sendable {
    let exists: Bool
    /// Whether others may read it, or the group may write to it.
    let isExposed: Bool
    private let device: UInt64
    private let node: UInt64
    private let size: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    init(_ path: String) {
        var status = stat()
        exists = unsafe stat(path, &status) == 0
        isExposed = exists && status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP) != 0
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = Int64(status.st_mtim.tv_sec)
        nanoseconds = Int64(status.st_mtim.tv_nsec)
    }
}
