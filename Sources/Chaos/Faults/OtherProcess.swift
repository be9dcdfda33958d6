internal import COpenSSL
internal import CSpawn
internal import Glibc
internal import Synchronization

/// A process that is no part of the product, such as a burner of CPU time; killed with its last reference.
final class OtherProcess: Sendable {
    let id: pid_t
    private let hasEnded = Mutex(Int32?.none)

    /// Starts a program with nothing to read and nothing kept of what it prints.
    ///
    /// - Parameter words: its path and its arguments.
    /// - Throws: where it cannot be started.
    init(_ words: [String]) throws(ChaosError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        unsafe lastcall_spawn_close_from(&actions, 3)
        // It ends with the harness, however that ends.
        let command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + words
        var argv = unsafe command.map { unsafe strdup($0) }
        unsafe argv.append(nil)
        var envp = unsafe [unsafe strdup("PATH=/usr/bin:/bin")]
        unsafe envp.append(nil)
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var child = pid_t()
        let code = unsafe posix_spawn(&child, command[0], &actions, nil, argv, envp)
        guard code == 0 else { throw ChaosError("\(words.first ?? ""): errno \(code)") }
        id = child
    }

    deinit { kill() }

    /// Ends it, where it has not ended, and waits for that.
    func kill() {
        hasEnded.withLock { ended in
            guard ended == nil else { return }
            Glibc.kill(id, SIGKILL)
            var status: Int32 = 0
            while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
            ended = status
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: its wait status; 0 is a good end.
    func end() async -> Int32 {
        while true {
            let status = hasEnded.withLock { ended -> Int32? in
                if let ended { return ended }
                var status: Int32 = 0
                guard unsafe waitpid(id, &status, WNOHANG) == id else { return nil }
                ended = status
                return status
            }
            if let status { return status }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
