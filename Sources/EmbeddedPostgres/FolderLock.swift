internal import Glibc
internal import Synchronization

/// The right to the data folder, held until it is released or the process is gone, however it ends.
final class FolderLock: Sendable {
    private let held: Mutex<Int32?>

    /// - Throws: ``EmbeddedPostgresError/inUse(pid:)`` where another instance has it.
    init(_ path: String) throws(EmbeddedPostgresError) {
        let descriptor = try FileSystem.open(path, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = FileSystem.text(of: path).split(whereSeparator: \.isNewline).first.flatMap {
                Int32($0)
            }
            close(descriptor)
            if code == EWOULDBLOCK { throw .inUse(pid: holder) }
            throw .system(operation: "lock", path: path, code: code)
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        // Only for a message: without it the lock holds all the same.
        _ = unsafe pwrite(descriptor, text, text.count, 0)
        held = Mutex(descriptor)
    }

    deinit { release() }

    /// Gives the folder free; once is enough.
    func release() {
        held.withLock { held in
            if let descriptor = held { close(descriptor) }
            held = nil
        }
    }
}
