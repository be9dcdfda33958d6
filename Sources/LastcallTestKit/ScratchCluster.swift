import FoundationEssentials
import Glibc
import PostgresClient
import Synchronization

/// A private Postgres that tests start: real, empty, reachable over a Unix socket only, gone with the tests.
///
/// It is fast and careless (no fsync). A watcher process holds one end of a pipe of this process; when that closes,
/// even by `kill -9`, the watcher stops Postgres and removes its folder. Started as root it runs as `postgres` or
/// `nobody`, since Postgres refuses root. `LASTCALL_POSTGRES_BIN` names the folder of its programs; else the newest
/// below `/usr/lib/postgresql` is taken, else what is in the path.
public final class ScratchCluster: Sendable {
    private static let sharedCluster = Result<ScratchCluster, any Error> { try ScratchCluster() }

    /// The folder of the data, the socket and the log.
    public let directory: String

    private let watcherPipe: Int32
    private let admin: PostgresPool
    private let lastDatabase = Atomic<Int>(0)

    /// The cluster of this test process, started on first use. Never stop it; make one of your own for that.
    ///
    /// - Returns: the one cluster.
    /// - Throws: ``TestKitError`` where it could not be started, at every call.
    public static func shared() throws -> ScratchCluster { try sharedCluster.get() }

    /// Makes and starts a cluster; takes a second or two.
    ///
    /// - Parameter settings: lines for `postgresql.conf`, over the kit's own.
    /// - Throws: ``TestKitError`` with the log's last lines.
    public init(settings: [String: String] = [:]) throws {
        directory = try Self.makeDirectory()
        let pipe = try Shell.Lifeline()
        watcherPipe = pipe.writeEnd
        try Shell.run(Self.watch, [directory, Self.watcher], lifeline: pipe)
        let lines = Self.settings.merging(settings) { $1 }.map { "\($0.key) = '\($0.value)'" }.sorted()
        var configuration = try PostgresConfiguration(
            connectionString: "host=\(directory) user=postgres dbname=postgres",
            applicationName: "scratch-cluster"
        )
        configuration.statementTimeout = .seconds(60)
        configuration.connectTimeout = .seconds(10)
        admin = try PostgresPool(configuration: configuration, size: 2)
        try run(Self.initialize, lines.joined(separator: "\n"))
        try start()
    }

    deinit { close(watcherPipe) }

    /// How to reach a database of this cluster.
    ///
    /// - Parameter database: its name; `postgres` unless told.
    /// - Returns: a libpq conninfo string.
    public func connectionString(database: String = "postgres") -> String {
        "host=\(directory) user=postgres dbname=\(database)"
    }

    /// Makes a database.
    ///
    /// - Parameter template: the database to copy; nobody may be connected to it.
    /// - Returns: the new database's name.
    /// - Throws: ``PostgresError``.
    public func createDatabase(template: String = "template0") async throws -> String {
        let name = "scratch_\(lastDatabase.wrappingAdd(1, ordering: .relaxed).newValue)"
        try await execute("create database \(name) template \(template)")
        return name
    }

    /// Removes a database and ends the sessions in it.
    ///
    /// - Parameter name: of a database made by ``createDatabase(template:)``.
    /// - Throws: ``PostgresError``.
    public func dropDatabase(_ name: String) async throws {
        try await execute("drop database \(name) with (force)")
    }

    /// Runs SQL as the superuser in the database `postgres`.
    ///
    /// - Parameter script: one or several statements.
    /// - Throws: ``PostgresError``.
    public func execute(_ script: String) async throws {
        try await admin.withConnection(deadline: .seconds(60)) { try $0.execute(script: script) }
    }

    /// Starts a stopped cluster and waits until it answers.
    ///
    /// - Throws: ``TestKitError``.
    public func start() throws { try run(Self.start, "") }

    /// Stops the cluster and waits for it.
    ///
    /// - Parameter immediately: as a crash would, without a checkpoint; `true` unless told.
    /// - Throws: ``TestKitError``.
    public func stop(immediately: Bool = true) throws {
        try run(Self.stop, immediately ? "immediate" : "fast")
    }

    /// Stops and starts the cluster.
    ///
    /// - Parameter immediately: as ``stop(immediately:)``.
    /// - Throws: ``TestKitError``.
    public func restart(immediately: Bool = true) throws {
        try stop(immediately: immediately)
        try start()
    }

    /// Freezes the postmaster: connections are accepted by the kernel and answered by nobody.
    ///
    /// - Parameter isFrozen: `false` lets it go on.
    /// - Throws: ``TestKitError`` where the cluster does not run.
    public func freeze(_ isFrozen: Bool = true) throws {
        try run(Self.signal, isFrozen ? "STOP" : "CONT")
    }

    /// Freezes a backend: it keeps its socket and its locks and answers nothing.
    ///
    /// - Parameter pid: from `pg_backend_pid()`.
    public func freezeBackend(_ pid: Int32) { kill(pid, SIGSTOP) }

    /// Lets a frozen backend go on.
    ///
    /// - Parameter pid: as given to ``freezeBackend(_:)``.
    public func thawBackend(_ pid: Int32) { kill(pid, SIGCONT) }

    /// Writes a database's schema down with `pg_dump`, without owners, privileges and the tables of single days.
    ///
    /// - Parameter database: its name.
    /// - Returns: what `pg_dump` printed.
    /// - Throws: ``TestKitError``.
    public func dumpSchema(of database: String) throws -> String {
        try run(Self.dump, database)
        return try String(contentsOfFile: directory + "/\(database).sql", encoding: .utf8)
    }

    private func run(_ script: String, _ argument: String) throws {
        do {
            try Shell.run(Self.preamble + script, [directory, argument])
        } catch {
            let log = (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? ""
            throw TestKitError("\(error): \(log.suffix(2000))")
        }
    }

    /// Copying a database makes some three hundred files: in memory that takes 12 ms, on an ordinary disk 200 ms.
    private static func makeDirectory() throws -> String {
        let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        // A socket's path has 107 bytes at most, so a deep temporary folder will not do.
        let fallback = temporary.utf8.count < 60 ? temporary : "/tmp"
        var space = statvfs()
        let isMounted = unsafe statvfs("/dev/shm", &space) == 0
        let isRoomy = isMounted && space.f_bavail * space.f_frsize > 2 << 30
        let isWritable = unsafe access("/dev/shm", W_OK) == 0
        let parent = isRoomy && isWritable ? "/dev/shm" : fallback
        var template = Array((parent + "/lastcall-XXXXXX").utf8CString)
        return try unsafe template.withUnsafeMutableBufferPointer { template in
            guard let base = template.baseAddress, let made = unsafe mkdtemp(base) else {
                throw TestKitError("mkdtemp: errno \(errno)")
            }
            return unsafe String(cString: made)
        }
    }
}

extension ScratchCluster {
    private static let settings = [
        "fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "64MB",
        "max_wal_size": "256MB", "listen_addresses": "", "jit": "off", "timezone": "UTC",
        "log_timezone": "UTC",
    ]

    /// `$dir` is the cluster's folder; `as_owner` runs a program as the user who owns it.
    private static let preamble = """
        set -eu
        dir=$1
        exec >>"$dir/log" 2>&1
        bin=${LASTCALL_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5n | tail -n 1)}
        [ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")
        owner=$(id -un)
        if [ "$(id -u)" = 0 ]; then
            owner=nobody
            if id postgres >/dev/null 2>&1; then owner=postgres; fi
        fi
        as_owner() {
            if [ "$(id -u)" = 0 ]; then
                setpriv --reuid "$(id -u "$owner")" --regid "$(id -g "$owner")" --clear-groups "$@"
            else
                "$@"
            fi
        }
        cd "$dir"

        """

    private static let initialize = """
        chown "$owner" "$dir" "$dir/log"
        as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
        printf '%s\\n' "$2" "unix_socket_directories = '$dir'" >>"$dir/data/postgresql.conf"
        """

    private static let start = """
        as_owner "$bin/pg_ctl" start -w -s -t 60 -D "$dir/data" -l "$dir/log"
        """

    private static let stop = """
        as_owner "$bin/pg_ctl" stop -w -s -t 60 -D "$dir/data" -m "$2"
        """

    private static let signal = """
        kill -"$2" "$(head -n 1 "$dir/data/postmaster.pid")"
        """

    private static let dump = """
        "$bin/pg_dump" --schema-only --no-owner --no-privileges --exclude-table='*.*_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' \\
            -h "$dir" -U postgres -f "$dir/$2.sql" "$2"
        """

    /// Starts the watcher in a session of its own, where Ctrl-C does not reach it.
    private static let watch = """
        setsid /bin/sh -c "$2" sh "$1" <&3 3<&- >/dev/null 2>&1 &
        """

    /// Waits for the end of the test process, then stops Postgres and cleans up.
    private static let watcher = """
        trap '' HUP INT TERM
        read -r nothing
        pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        if [ -n "$pid" ]; then
            kill -QUIT "$pid"
            tries=0
            while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
            kill -KILL "$pid"
        fi
        rm -rf "$1"
        """
}
