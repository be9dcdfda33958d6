import Foundation

/// A program that a test started.
struct Program: Sendable {
    /// What a program printed, and how it ended.
    struct Result: Sendable {
        let output: String
        let status: Int32
    }

    let id: pid_t

    /// Whether it has not ended; does not give its id back to the system.
    var isRunning: Bool {
        var information = unsafe siginfo_t()
        unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT)
        return unsafe information.si_signo == 0
    }

    /// Kills it and waits for that.
    func end() {
        kill(id, SIGKILL)
        _ = waitForEnd()
    }

    /// Runs a program to its end, on a thread of its own. Waits for the program alone, not for what it leaves behind.
    static func run(_ words: [String]) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try runBlocking(words) }) }
        }
    }

    /// Runs SQL as an operator would, by the connection string; what it prints, errors among it.
    static func psql(_ connectionString: String, _ sql: String) async throws -> String {
        try await run([binaries + "/psql", "-XAtq", "-d", connectionString, "-c", sql]).output
    }

    /// The folder of the newest server programs.
    static var binaries: String {
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return "/usr/lib/postgresql/\(installed.compactMap { Int($0) }.max() ?? 0)/bin"
    }

    /// Starts a program that takes all signals, whatever this thread blocks.
    ///
    /// - Parameters:
    ///   - words: the program's path and its arguments.
    ///   - output: the file for what it prints.
    /// - Returns: the running program.
    /// - Throws: where the system does not start it.
    static func start(_ words: [String], output: String = "/dev/null") throws -> Program {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = unsafe words.map { unsafe strdup($0) }
        defer { unsafe arguments.forEach { unsafe free($0) } }
        unsafe arguments.append(nil)
        var child = pid_t()
        let code = unsafe posix_spawn(&child, words[0], &actions, &attributes, arguments, environ)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        return Program(id: child)
    }

    private func waitForEnd() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private static func runBlocking(_ words: [String]) throws -> Result {
        let file = URL.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let status = try start(words, output: file.path()).waitForEnd()
        let text = try String(contentsOf: file, encoding: .utf8)
        return Result(output: text.trimmingCharacters(in: .whitespacesAndNewlines), status: status)
    }
}
