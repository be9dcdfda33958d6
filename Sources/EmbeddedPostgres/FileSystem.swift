internal import Glibc

/// The few calls on files that are needed, with typed errors; nothing here follows a symbolic link at the end of a path.
enum FileSystem {
    /// What `lstat` tells.
    struct Entry {
        let owner: uid_t
        let group: gid_t
        let mode: mode_t
        let length: Int

        var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    }

    /// - Returns: `nil` where there is nothing.
    static func entry(_ path: String) throws(EmbeddedPostgresError) -> Entry? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT { return nil }
            throw .system(operation: "look at", path: path, code: code)
        }
        return Entry(
            owner: status.st_uid,
            group: status.st_gid,
            mode: status.st_mode,
            length: Int(status.st_size)
        )
    }

    /// The names in a folder, without `.` and `..`; empty where it cannot be read or is not there.
    static func names(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let item = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder and those above it that are missing.
    static func makeDirectories(_ path: String, mode: mode_t) throws(EmbeddedPostgresError) {
        let parts = path.split(separator: "/")
        for count in parts.indices.map({ $0 + 1 }) {
            let step = "/" + parts.prefix(count).joined(separator: "/")
            try makeDirectory(step, mode: count == parts.count ? mode : 0o755)
        }
    }

    /// Makes one folder; one that is there already will do.
    static func makeDirectory(_ path: String, mode: mode_t) throws(EmbeddedPostgresError) {
        guard unsafe mkdir(path, mode) != 0 else { return }
        let code = errno
        guard code == EEXIST else { throw .system(operation: "make", path: path, code: code) }
    }

    static func changeOwner(_ path: String, to account: ServerAccount) throws(EmbeddedPostgresError) {
        guard unsafe lchown(path, account.user, account.group) == 0 else {
            throw .system(operation: "give away", path: path, code: errno)
        }
    }

    /// Renames a file or folder and makes the new name durable.
    static func move(_ path: String, to target: String, in folder: String) throws(EmbeddedPostgresError) {
        guard unsafe rename(path, target) == 0 else {
            throw .system(operation: "rename", path: path, code: errno)
        }
        let descriptor = try open(folder, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(operation: "sync", path: folder, code: errno) }
    }

    /// Opens a file that no child inherits.
    static func open(_ path: String, _ flags: Int32) throws(EmbeddedPostgresError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, code: errno) }
        return descriptor
    }

    /// Appends to a file and makes that durable.
    static func append(_ text: String, to path: String) throws(EmbeddedPostgresError) {
        let descriptor = try open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .system(operation: "write", path: path, code: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw .system(operation: "sync", path: path, code: errno) }
    }

    /// The text of a small file from an offset on, at most its last 4,096 bytes; empty where it cannot be read.
    static func text(of path: String, from offset: Int = 0) -> String {
        guard let descriptor = try? open(path, O_RDONLY) else { return "" }
        defer { close(descriptor) }
        let end = Int(lseek(descriptor, 0, SEEK_END))
        // Files of the kernel have length 0 and still hold text.
        let start = max(offset, end - 4_096)
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe pread(descriptor, &bytes, bytes.count, start)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
