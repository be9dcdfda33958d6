internal import CSpawn
internal import Glibc
internal import Synchronization

/// A program that this process started, with a clean environment, default signals and a process group of its own, so
/// that Ctrl-C in the terminal does not reach it before we stop it ourselves.
final class ChildProcess: Sendable {
    /// How a program ended.
    enum End: Sendable, Hashable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    let id: pid_t
    /// Known once the id was given back to the system; a signal is sent under this lock and only before that, so it
    /// can never reach another program.
    private let taken = Mutex(End?.none)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - words: the program's absolute path and its arguments.
    ///   - directory: where it runs.
    ///   - output: a descriptor for what it prints; it stays open here.
    /// - Throws: ``EmbeddedPostgresError/system(operation:path:code:)``.
    init(_ words: [String], in directory: String, output: Int32) throws(EmbeddedPostgresError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A server that inherited our listening sockets would keep their ports.
        unsafe lastcall_spawn_close_from(&actions, 3)
        unsafe lastcall_spawn_change_directory(&actions, directory)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=\(directory)"]
        var arguments = unsafe words.map { unsafe strdup($0) }
        var variables = unsafe environment.map { unsafe strdup($0) }
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        unsafe arguments.append(nil)
        unsafe variables.append(nil)
        var child = pid_t()
        let code = unsafe posix_spawn(&child, words.first ?? "", &actions, &attributes, arguments, variables)
        guard code == 0 else { throw .system(operation: "start", path: words.first ?? "", code: code) }
        id = child
    }

    /// How the program ended; `nil` while it runs.
    var end: End? {
        taken.withLock { taken in
            if taken != nil { return taken }
            var status: Int32 = 0
            var result = unsafe waitpid(id, &status, WNOHANG)
            while result < 0, errno == EINTR { result = unsafe waitpid(id, &status, WNOHANG) }
            guard result != 0 else { return nil }
            let signal = status & 0x7F
            taken = signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
            return taken
        }
    }

    /// Sends a signal, unless the program has ended.
    func send(_ signal: Int32) {
        taken.withLock { taken in
            if taken == nil { kill(id, signal) }
        }
    }

    /// Blocks until the program has ended.
    func waitForEnd() -> End {
        var information = unsafe siginfo_t()
        // Only looks; whoever asks for the end first takes it.
        while unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return end ?? .status(-1)
    }
}
