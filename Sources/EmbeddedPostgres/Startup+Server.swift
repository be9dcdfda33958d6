internal import Glibc
internal import Logging

extension Startup {
    /// A log beyond this many bytes is put aside at the next start.
    private static let longestLog = 16_777_216

    func spawn(
        _ binaries: PostgresBinaries,
        _ account: ServerAccount,
        _ lock: FolderLock
    ) throws(EmbeddedPostgresError) -> Server {
        if let entry = try FileSystem.entry(folder.log), entry.length > Self.longestLog {
            try FileSystem.move(folder.log, to: folder.log + ".1", in: folder.path)
        }
        let log = try FileSystem.open(folder.log, O_WRONLY | O_CREAT | O_APPEND)
        defer { close(log) }
        let start = Int(lseek(log, 0, SEEK_END))
        let words =
            [binaries.path(of: "postgres"), "-D", folder.cluster]
            + ServerSettings.fixed(socketDirectory: folder.socketDirectory)
        let process = try ChildProcess(try account.wrapping(words), in: folder.path, output: log)
        return Server(process: process, lock: lock, logStart: start)
    }

    /// Asks until the server answers; makes the database where it is missing.
    func waitUntilReady(
        _ server: Server,
        _ binaries: PostgresBinaries,
        _ account: ServerAccount
    ) throws(EmbeddedPostgresError) {
        let probe = ServerProbe(socket: folder.socket)
        var (answer, end) = (ServerProbe.Answer.notYet, ChildProcess.End?.none)
        let deadline = ContinuousClock.now + configuration.startTimeout
        while true {
            let isAnswered = ServerThread.wait(until: deadline) {
                end = server.process.end
                if end == nil { answer = probe.ask() }
                return end != nil || answer != .notYet
            }
            let log = { FileSystem.text(of: folder.log, from: server.logStart) }
            if let end { throw .died(status: "\(end)", log: log()) }
            guard isAnswered else { throw .notReady(log: log()) }
            switch answer {
            case .ready, .notYet: return
            case .refused(let state): throw .refused(sqlState: state)
            case .noDatabase: try makeDatabase(binaries, account)
            }
        }
    }

    private func makeDatabase(
        _ binaries: PostgresBinaries,
        _ account: ServerAccount
    ) throws(EmbeddedPostgresError) {
        let words = [
            binaries.path(of: "createdb"), "-h", folder.socketDirectory, "-p", "5432", "-U", "lastcall",
            "--maintenance-db=postgres", "-T", "template0", "lastcall",
        ]
        try Command.run(words, as: account, in: folder.path, timeout: .seconds(60))
    }

    /// Ends a server whose start failed; it has served nobody.
    func halt(_ process: ChildProcess) {
        for signal in [SIGINT, SIGQUIT, SIGKILL] {
            process.send(signal)
            if ServerThread.wait(until: .now + configuration.stopTimeout, for: { process.end != nil }) {
                return
            }
        }
    }
}
