import Glibc
import NIOSSL
import Synchronization

/// What the listener shows, and new files when they come: connections that are open keep what they have seen.
public final class ServerTLS: Sendable {
    /// What became of a look at the files.
    public enum Reload: Sendable, Hashable {
        /// They are as they were.
        case unchanged
        /// New connections see what is in them now.
        case loaded
        /// They cannot be used, and were not used.
        case failed(TLSProblem)
    }

    private struct State {
        var loaded: LoadedTLS
        var seen: [FileStamp?]
    }

    private let files: TLSFiles
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: ``TLSProblem``.
    public init(_ files: TLSFiles) throws(TLSProblem) {
        self.files = files
        // The stamps first: a file that changes in between is then read once more.
        let seen = files.paths.map(FileStamp.init)
        let loaded = try files.load()
        state = Mutex(State(loaded: loaded, seen: seen))
    }

    /// The end of the certificate's validity, in seconds since 1970.
    public var notValidAfter: Int64 { state.withLock { $0.loaded.notValidAfter } }

    /// What a new connection is to use.
    var context: NIOSSLContext { state.withLock { $0.loaded.context } }

    /// Looks at the files, and reads them where they have changed since the last look.
    ///
    /// - Parameter isForced: read them in any case.
    /// - Returns: what came of it.
    public func reload(isForced: Bool = false) -> Reload {
        let stamps = files.paths.map(FileStamp.init)
        let isNew = state.withLock { state in
            defer { state.seen = stamps }
            return isForced || state.seen != stamps
        }
        guard isNew else { return .unchanged }
        do throws(TLSProblem) {
            let loaded = try files.load()
            state.withLock { $0.loaded = loaded }
            return .loaded
        } catch {
            return .failed(error)
        }
    }
}

/// What of a file changes when it is written or replaced, links followed.
private struct FileStamp: Hashable {
    let device: UInt
    let inode: UInt
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init?(_ path: String) {
        var found = stat()
        guard unsafe stat(path, &found) == 0 else { return nil }
        device = UInt(found.st_dev)
        inode = UInt(found.st_ino)
        size = Int(found.st_size)
        seconds = Int(found.st_mtim.tv_sec)
        nanoseconds = Int(found.st_mtim.tv_nsec)
    }
}
