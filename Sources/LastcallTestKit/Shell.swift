// Whichever C module a build reads first owns `sigset_t`.
import COpenSSL
import CSpawn
import Glibc
import Synchronization

/// Why the test kit could not do something; what a command printed is in the payload.
public struct TestKitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Runs shell scripts; scripts are trusted and get their arguments as `$1`, `$2`, ...
package enum Shell {
    /// The end of a pipe that a child holds open for as long as this process lives, however it ends.
    package final class Lifeline: Sendable {
        let readEnd: Int32
        /// Closed by whoever made the pipe, or by the end of the process.
        package let writeEnd: Int32

        /// Makes the pipe.
        package init() throws(TestKitError) {
            var ends: (Int32, Int32) = (-1, -1)
            let code = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
                unsafe lastcall_spawn_pipe(bytes.baseAddress, O_CLOEXEC)
            }
            guard code == 0 else { throw TestKitError("pipe: errno \(errno)") }
            // Neither end is inherited: a child with the writing one would keep the pipe open after this process is gone.
            (readEnd, writeEnd) = ends
        }

        deinit { close(readEnd) }
    }

    /// Only one child at a time is started, so that none inherits what was meant for another.
    private static let starting = Mutex(())

    /// Starts a program with default signals.
    ///
    /// - Parameters:
    ///   - words: the program's path and its arguments.
    ///   - environment: all of it, `NAME=value` each.
    ///   - output: the file for what it prints.
    ///   - errors: the file for its standard error.
    ///   - lifeline: becomes descriptor 3 of the program.
    /// - Returns: its id, to be waited for.
    /// - Throws: an error where there is no such program.
    static func spawn(
        _ words: [String],
        environment: [String],
        output: String,
        errors: String,
        lifeline: Lifeline?
    ) throws(TestKitError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o600)
        if let end = lifeline?.readEnd { unsafe posix_spawn_file_actions_adddup2(&actions, end, 3) }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = unsafe words.map { unsafe strdup($0) }
        var variables = unsafe environment.map { unsafe strdup($0) }
        unsafe argv.append(nil)
        unsafe variables.append(nil)
        defer {
            unsafe argv.forEach { unsafe free($0) }
            unsafe variables.forEach { unsafe free($0) }
        }
        var child = pid_t()
        let code = starting.withLock { _ in
            unsafe posix_spawn(&child, words[0], &actions, &attributes, argv, variables)
        }
        guard code == 0 else { throw TestKitError("posix_spawn: errno \(code)") }
        return child
    }

    /// Runs a script to its end.
    ///
    /// - Parameters:
    ///   - script: for `/bin/sh`.
    ///   - arguments: `$1` and so on.
    ///   - lifeline: becomes descriptor 3 of the script.
    /// - Throws: an error unless the script ends with status 0.
    package static func run(
        _ script: String,
        _ arguments: [String],
        lifeline: Lifeline? = nil
    ) throws(TestKitError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let end = lifeline?.readEnd { unsafe posix_spawn_file_actions_adddup2(&actions, end, 3) }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Signals that this thread blocks would stay blocked in Postgres.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words = ["/bin/sh", "-c", script, "sh"] + arguments
        var argv = unsafe words.map { unsafe strdup($0) }
        unsafe argv.append(nil)
        defer { unsafe argv.forEach { unsafe free($0) } }
        var child = pid_t()
        let code = starting.withLock { _ in
            unsafe posix_spawn(&child, "/bin/sh", &actions, &attributes, argv, environ)
        }
        guard code == 0 else { throw TestKitError("posix_spawn: errno \(code)") }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw TestKitError("waitpid: errno \(errno)") }
        }
        guard status == 0 else { throw TestKitError("a script of the test kit ended with status \(status)") }
    }
}
