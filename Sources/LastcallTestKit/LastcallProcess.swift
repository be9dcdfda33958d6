import FoundationEssentials
import Glibc
import Synchronization

/// A real process of the built `lastcall`, as a fleet or an operator runs it.
///
/// Its environment is only what the test gives, and what a sanitizer needs; what it prints goes to files. It ends with the test process, however
/// that ends: a watcher holds one end of a pipe and kills it when the other end closes.
public final class LastcallProcess: Sendable {
    /// How a process ended.
    public enum End: Sendable, Hashable {
        /// It exited with this status.
        case exit(Int32)
        /// This signal ended it.
        case signal(Int32)
    }

    private struct State {
        var end: End?
        var waiters: [CheckedContinuation<End, Never>] = []
    }

    /// The process.
    public let id: Int32
    private let folder: String
    private let watcher: pid_t
    /// What scripts/harden sanitizers tells a test's own process.
    private static let sanitizers = ["ASAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD"]
    private let lifeline: Shell.Lifeline
    private let state = Mutex(State())

    /// Starts `lastcall`.
    ///
    /// - Parameters:
    ///   - arguments: the subcommand and its arguments.
    ///   - environment: all of it but `PATH`.
    ///   - through: a program, by its path, and its arguments, that becomes the one to start by exec, such as `prlimit`.
    ///   - program: what is started instead of the built program, with words that come before `arguments`.
    /// - Throws: ``TestKitError``.
    public init(
        _ arguments: [String],
        environment: [String: String] = [:],
        through: [String] = [],
        program: [String]? = nil
    ) throws {
        folder = try Self.makeFolder()
        lifeline = try Shell.Lifeline()
        var variables = ["PATH": "/usr/bin:/bin"]
        for name in Self.sanitizers {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        variables.merge(environment) { $1 }
        id = try Shell.spawn(
            through + (program ?? [Self.executable()]) + arguments,
            environment: variables.map { "\($0.key)=\($0.value)" },
            output: folder + "/output",
            errors: folder + "/errors",
            lifeline: nil
        )
        watcher = try Shell.spawn(
            ["/bin/sh", "-c", "read line <&3; kill -9 \(id)"],
            environment: [],
            output: "/dev/null",
            errors: "/dev/null",
            lifeline: lifeline
        )
        guard ServerThread.start({ [self] in reap() }) else { throw TestKitError("no thread") }
    }

    deinit { _ = try? FileManager.default.removeItem(atPath: folder) }

    /// Sends a signal, unless the process has ended.
    public func send(_ signal: Int32) {
        state.withLock { state in
            if state.end == nil { _ = kill(id, signal) }
        }
    }

    /// Whether it has not ended.
    public var isRunning: Bool { state.withLock { $0.end == nil } }

    /// Waits for the end.
    public func end() async -> End {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Asks it to stop, as an operator does, and waits for its end.
    @discardableResult
    public func stop() async -> End {
        send(SIGTERM)
        return await end()
    }

    /// Ends it as a crash would.
    public func crash() async -> End {
        send(SIGKILL)
        return await end()
    }

    /// What it has printed up to now.
    public var output: String { Self.text(folder + "/output") }

    /// What it has written to standard error up to now.
    public var errors: String { Self.text(folder + "/errors") }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - arguments: as for ``init(_:environment:program:)``, like the others.
    ///   - environment: all of it but `PATH`.
    ///   - program: what is started instead of the built program.
    /// - Returns: its end, and what it printed.
    /// - Throws: ``TestKitError``.
    public static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        program: [String]? = nil
    ) async throws -> (end: End, output: String, errors: String) {
        let process = try LastcallProcess(arguments, environment: environment, program: program)
        return (await process.end(), process.output, process.errors)
    }

    /// Holds this object until the process has ended, so that the id always means this process.
    private func reap() {
        var info = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        // The watcher first: it must not send a signal to an id that is somebody else's by then.
        kill(watcher, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(watcher, &status, 0) < 0, errno == EINTR {}
        let waiters = state.withLock { state in
            while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
            let code = status & 0x7F
            let end = code == 0 ? End.exit((status >> 8) & 0xFF) : .signal(code)
            state.end = end
            defer { state.waiters = [] }
            return state.waiters.map { ($0, end) }
        }
        for (waiter, end) in waiters { waiter.resume(returning: end) }
    }

    /// `lastcall` lies beside the test program in the build folder.
    ///
    /// - Returns: its path.
    /// - Throws: ``TestKitError`` where it was not built.
    public static func executable() throws -> String {
        var folder = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        while let slash = folder.lastIndex(of: "/") {
            folder = String(folder[..<slash])
            if FileManager.default.isExecutableFile(atPath: folder + "/lastcall") {
                return folder + "/lastcall"
            }
        }
        throw TestKitError("no lastcall beside the tests")
    }

    private static func makeFolder() throws(TestKitError) -> String {
        var path = Array("/tmp/lastcall-process-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else { throw TestKitError("mkdtemp: errno \(errno)") }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
