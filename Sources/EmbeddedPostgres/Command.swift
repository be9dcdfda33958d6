internal import CSpawn
internal import Glibc

/// Runs a short program to its end and keeps the last of what it prints.
enum Command {
    private static let kept = 4_096

    /// - Parameters:
    ///   - words: the program's absolute path and its arguments.
    ///   - account: whom it runs as.
    ///   - directory: where it runs.
    ///   - timeout: after which it is killed.
    /// - Returns: the end of its output.
    /// - Throws: ``EmbeddedPostgresError/commandFailed(command:output:)`` unless it ends with status 0 in time.
    @discardableResult
    static func run(
        _ words: [String],
        as account: ServerAccount,
        in directory: String,
        timeout: Duration
    ) throws(EmbeddedPostgresError) -> String {
        let deadline = ContinuousClock.now + timeout
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe lastcall_spawn_pipe(bytes.baseAddress, O_CLOEXEC)
        }
        guard code == 0 else { throw .system(operation: "make", path: "a pipe", code: errno) }
        defer { close(ends.0) }
        let child: ChildProcess
        do {
            child = try ChildProcess(try account.wrapping(words), in: directory, output: ends.1)
        } catch {
            close(ends.1)
            throw error
        }
        close(ends.1)
        var output: [UInt8] = []
        let isComplete = read(ends.0, until: deadline, into: &output)
        if !isComplete { child.send(SIGKILL) }
        let end = child.waitForEnd()
        var text = String(decoding: output, as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        guard isComplete, end == .status(0) else {
            let reason = isComplete ? "\(end)" : "no end within \(timeout)"
            throw .commandFailed(command: words.first ?? "", output: "\(text) (\(reason))")
        }
        return text
    }

    /// Reads to the end of the pipe.
    ///
    /// - Returns: whether the end came before the deadline.
    private static func read(
        _ pipe: Int32,
        until deadline: ContinuousClock.Instant,
        into output: inout [UInt8]
    ) -> Bool {
        var chunk = [UInt8](repeating: 0, count: kept)
        while true {
            let left = ContinuousClock.now.duration(to: deadline).components.seconds
            guard left >= 0 else { return false }
            var item = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&item, 1, Int32(min(left + 1, 3_600)) * 1_000) > 0 else {
                if ContinuousClock.now < deadline { continue }
                return false
            }
            let count = unsafe Glibc.read(pipe, &chunk, chunk.count)
            if count == 0 { return true }
            guard count > 0 else {
                if errno == EINTR { continue }
                return false
            }
            output += chunk.prefix(count)
            if output.count > kept { output.removeFirst(output.count - kept) }
        }
    }
}
