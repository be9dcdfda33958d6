internal import FoundationEssentials
internal import Glibc

/// One server of a cluster: a folder with its data, its socket and its log, and the processes that `pg_ctl` starts.
///
/// Its calls block until what they ask for has happened.
package final class PostgresServer: Sendable {
    /// How a server is stopped.
    package enum Stop: String, Sendable, Hashable {
        /// As a crash would: no checkpoint; recovery when it starts again.
        case immediate
        /// Sessions are ended, and a checkpoint is made.
        case fast
    }

    /// A disk of its own that can be filled, and what lies on it.
    package enum Disk: Sendable, Hashable {
        /// The folder's own disk.
        case ordinary
        /// The write-ahead log is on a disk of this many megabytes.
        case smallLog(megabytes: Int)
        /// Everything but the write-ahead log is.
        case smallData(megabytes: Int)

        var megabytes: Int {
            switch self {
            case .ordinary: 0
            case .smallLog(let megabytes), .smallData(let megabytes): megabytes
            }
        }
    }

    /// Where it lives; its socket is in it.
    package let folder: String

    /// Makes a server with an empty cluster; it does not run yet.
    ///
    /// - Parameters:
    ///   - folder: may not exist yet.
    ///   - disk: what its data lies on; a small one needs root.
    ///   - settings: lines for `postgresql.conf`, over those of ``settings``.
    /// - Throws: ``ChaosError`` with the log's last words.
    package init(folder: String, disk: Disk = .ordinary, settings: [String: String] = [:]) throws {
        self.folder = folder
        try Self.makeFolder(folder, disk)
        let lines = Self.settings.merging(settings) { $1 }.map { "\($0.key) = '\($0.value)'" }.sorted()
        let (data, log) =
            switch disk {
            case .ordinary: (folder + "/cluster", folder + "/wal")
            case .smallLog: (folder + "/cluster", folder + "/disk/wal")
            case .smallData: (folder + "/disk/cluster", folder + "/wal")
            }
        try ServerScript.run(
            ServerScript.initialize,
            in: folder,
            data,
            log,
            lines.joined(separator: "\n")
        )
    }

    /// Copies a running server and follows it from then on, once it is started.
    ///
    /// - Parameters:
    ///   - folder: of the copy.
    ///   - source: the server that is followed.
    ///   - name: what the copy calls itself there, for `synchronous_standby_names`.
    /// - Throws: ``ChaosError`` with the log's last words.
    package init(folder: String, following source: PostgresServer, as name: String) throws {
        self.folder = folder
        try Self.makeFolder(folder, .ordinary)
        try ServerScript.run(ServerScript.copy, in: folder, source.folder, name)
    }

    /// Starts it and waits until it answers.
    ///
    /// - Throws: ``ChaosError`` with the log's last words.
    package func start() throws { try ServerScript.run(ServerScript.start, in: folder) }

    /// Stops it and waits for it.
    ///
    /// - Parameter how: as a crash would unless told.
    /// - Throws: ``ChaosError`` where it does not stop.
    package func stop(_ how: Stop = .immediate) throws {
        try ServerScript.run(ServerScript.stop, in: folder, how.rawValue)
    }

    /// Makes a standby the primary and waits until it takes writes.
    ///
    /// - Throws: ``ChaosError`` where it does not.
    package func promote() throws { try ServerScript.run(ServerScript.promote, in: folder) }

    /// Ends all its processes at once, without a word, and waits until they are gone.
    ///
    /// - Throws: ``ChaosError`` where they stay.
    package func kill() throws {
        guard let postmaster else { return }
        signalAll(SIGKILL)
        let deadline = ContinuousClock.now + .seconds(20)
        // Whoever adopts it may be slow to bury it, and a dead process holds nothing.
        while !Self.isGone(postmaster) {
            guard ContinuousClock.now < deadline else { throw ChaosError("process \(postmaster) stays") }
            usleep(10_000)
        }
        // Until it is buried, its successor would take it for alive.
        for lock in ["/data/postmaster.pid", "/.s.PGSQL.5432.lock"] { unsafe unlink(folder + lock) }
    }

    /// Takes all room of the small disk.
    ///
    /// - Throws: ``ChaosError``.
    package func fillDisk() throws { try ServerScript.run(ServerScript.fill, in: folder) }

    /// Gives the room of the small disk back.
    ///
    /// - Throws: ``ChaosError``.
    package func emptyDisk() throws { try ServerScript.run(ServerScript.unfill, in: folder) }

    /// The postmaster's process; `nil` while it does not run.
    package var postmaster: Int32? {
        guard let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }), !Self.isGone(pid)
        else { return nil }
        return pid
    }

    /// Sends a signal to the postmaster and to everything that it has started: a stopped (SIGSTOP) one is a machine that
    /// has gone silent, with its sockets open.
    ///
    /// - Parameter number: of the signal.
    package func signalAll(_ number: Int32) {
        guard let postmaster else { return }
        let children = Self.children(of: postmaster)
        // The postmaster first, or it would replace what is killed.
        Glibc.kill(postmaster, number)
        for child in children { Glibc.kill(child, number) }
    }

    /// What it has printed.
    package var log: String { ServerLog.text(of: folder) }

    /// How the superuser reaches it.
    package var administration: String { "host=\(folder) port=5432 user=postgres" }

    private static let settings = [
        // What is on test: nothing acknowledged is lost.
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
        "max_connections": "200", "superuser_reserved_connections": "5", "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "wal_level": "replica", "max_wal_senders": "8", "wal_keep_size": "512MB", "hot_standby": "on",
        "wal_retrieve_retry_interval": "200ms",
        "jit": "off", "timezone": "UTC", "log_timezone": "UTC", "log_checkpoints": "off",
        "logging_collector": "off",
    ]

    private static func makeFolder(_ folder: String, _ disk: Disk) throws {
        guard unsafe mkdir(folder, 0o755) == 0, unsafe mkdir(folder + "/disk", 0o755) == 0 else {
            throw ChaosError("\(folder) cannot be made: errno \(errno)")
        }
        // Whatever umask there is: the server has a user of its own.
        unsafe chmod(folder, 0o755)
        guard disk == .ordinary || geteuid() == 0 else {
            throw ChaosError("a small disk is mounted, and that needs root")
        }
        try ServerScript.run(ServerScript.prepare, in: folder, "\(disk.megabytes)")
    }

    private static func isGone(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
            return true
        }
        return text.split(separator: ")").last?.split(separator: " ").first == "Z"
    }

    private static func children(of parent: Int32) -> [Int32] {
        let file = "/proc/\(parent)/task/\(parent)/children"
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }
}
