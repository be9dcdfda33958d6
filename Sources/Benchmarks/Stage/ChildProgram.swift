internal import CSpawn
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// A process that the benchmark started: the product, or the sink.
///
/// It ends with the benchmark, however that ends: the kernel sends it SIGTERM when the thread that started it is gone, and
/// Ctrl-C of the terminal, which is the benchmark's to handle, does not reach it.
public final class ChildProgram: Sendable {
    /// Its id.
    public let id: Int32
    /// The file with its standard error, and with its standard output where that is no pipe.
    let log: String
    private let input: Int32
    private let output: Int32
    private let unread = Mutex<[UInt8]>([])
    /// What waitpid(2) said; set once the id was given back.
    private let status = Mutex(Int32?.none)
    private let forget: Mutex<(@Sendable () -> Void)?>

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - words: its absolute path and its arguments.
    ///   - environment: all of it but `PATH`.
    ///   - log: the file that takes what it prints.
    ///   - isPiped: whether its standard input and output are pipes to here.
    /// - Throws: an error where it cannot be started, or a signal has come.
    init(_ words: [String], environment: [String: String], log: String, isPiped: Bool) throws(BenchmarkError)
    {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        var (toChild, fromChild): (Pipe?, Pipe?) = (nil, nil)
        let flags = O_WRONLY | O_CREAT | O_APPEND
        if isPiped {
            let (ours, theirs) = (try Pipe(), try Pipe())
            (toChild, fromChild) = (ours, theirs)
            unsafe posix_spawn_file_actions_adddup2(&actions, ours.readEnd, 0)
            unsafe posix_spawn_file_actions_adddup2(&actions, theirs.writeEnd, 1)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            unsafe posix_spawn_file_actions_addopen(&actions, 1, log, flags, 0o600)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 2, log, flags, 0o600)
        unsafe lastcall_spawn_close_from(&actions, 3)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)
        )
        let command = ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--"] + words
        let variables = environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }
        var argv = unsafe command.map { unsafe strdup($0) }
        var envp = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") }
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        unsafe argv.append(nil)
        unsafe envp.append(nil)
        var child = pid_t()
        let code = unsafe posix_spawn(&child, command[0], &actions, &attributes, argv, envp)
        input = toChild?.takeWriteEnd() ?? -1
        output = fromChild?.takeReadEnd() ?? -1
        guard code == 0 else { throw BenchmarkError("\(command[0]) cannot be started: errno \(code)") }
        id = child
        self.log = log
        forget = Mutex(nil)
        let forget: @Sendable () -> Void
        do {
            forget = try Interrupt.onRaise { [weak self] in self?.send(SIGTERM) }
        } catch {
            end(within: .zero)
            throw error
        }
        self.forget.withLock { $0 = forget }
    }

    deinit {
        end(within: .zero)
        if input >= 0 { close(input) }
        if output >= 0 { close(output) }
    }

    /// Sends a signal, unless the program has ended.
    public func send(_ signal: Int32) {
        status.withLock { status in
            if status == nil { kill(id, signal) }
        }
    }

    /// Whether it still runs.
    public var isRunning: Bool {
        status.withLock { status in
            if status != nil { return false }
            var code: Int32 = 0
            guard unsafe waitpid(id, &code, WNOHANG) != 0 else { return true }
            status = code
            return false
        }
    }

    /// Whether it has ended with exit status 0.
    var endedWell: Bool { !isRunning && status.withLock { $0 == 0 } }

    /// Asks it to stop, and ends it when the time for that is over.
    public func end(within grace: Duration) {
        send(grace > .zero ? SIGTERM : SIGKILL)
        let deadline = ContinuousClock.now + grace
        while isRunning {
            if ContinuousClock.now >= deadline { send(SIGKILL) }
            usleep(2_000)
        }
        forget.withLock { forget in
            forget?()
            forget = nil
        }
    }

    /// The end of what it printed.
    var lastWords: String {
        let lines = ProcFile.text(log).split(separator: "\n").suffix(5)
        return lines.joined(separator: " | ")
    }

    /// Writes a line to its standard input.
    ///
    /// - Parameter line: without its newline.
    /// - Throws: an error where nobody reads it.
    public func send(line: some Sequence<UInt8>) throws(BenchmarkError) {
        var rest = Array(line)[...]
        rest.append(0x0A)
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BenchmarkError("process \(id) does not listen: \(lastWords)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads a line from its standard output.
    ///
    /// - Parameter timeout: how long to wait for it.
    /// - Returns: without its newline.
    /// - Throws: an error where none comes.
    public func readLine(within timeout: Duration) throws(BenchmarkError) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let line = unread.withLock { unread -> [UInt8]? in
                guard let end = unread.firstIndex(of: 0x0A) else { return nil }
                defer { unread.removeFirst(end + 1) }
                return Array(unread[..<end])
            }
            if let line { return line }
            let left = (deadline - ContinuousClock.now).inSeconds
            var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: Int(max(0, left) * 1_000)))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw BenchmarkError("process \(id) says nothing: \(lastWords)") }
            let count = unsafe read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BenchmarkError("process \(id) has ended: \(lastWords)") }
            unread.withLock { $0 += chunk.prefix(count) }
        }
    }
}

/// A pipe whose ends are closed unless they are taken.
private final class Pipe {
    private(set) var readEnd: Int32 = -1
    private(set) var writeEnd: Int32 = -1

    init() throws(BenchmarkError) {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe lastcall_spawn_pipe(bytes.baseAddress, O_CLOEXEC)
        }
        guard code == 0 else { throw BenchmarkError("pipe: errno \(errno)") }
        (readEnd, writeEnd) = ends
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    func takeReadEnd() -> Int32 {
        defer { readEnd = -1 }
        return readEnd
    }

    func takeWriteEnd() -> Int32 {
        defer { writeEnd = -1 }
        return writeEnd
    }
}
