internal import FoundationEssentials
internal import Glibc

/// pgbouncer in transaction mode before a server: Debian's, which `scripts/chaos` installs.
package final class TransactionPooler: Sendable {
    /// Where it listens on 127.0.0.1.
    package let port: UInt16
    private let folder: String

    /// Starts it.
    ///
    /// - Parameters:
    ///   - folder: of its files; may not exist yet.
    ///   - server: what it pools.
    /// - Throws: ``ChaosError`` with its last words, as where it is not installed.
    init(folder: String, server: PostgresServer) throws {
        self.folder = folder
        guard unsafe mkdir(folder, 0o755) == 0 else {
            throw ChaosError("\(folder) cannot be made: errno \(errno)")
        }
        let (probe, port) = try ProxySocket.bind()
        close(probe)
        self.port = port
        let lines = """
            [databases]
            lastcall = host=\(server.folder) port=5432 dbname=lastcall user=lastcall
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 20
            max_client_conn = 500
            pidfile = \(folder)/pgbouncer.pid
            logfile = \(folder)/log
            server_connect_timeout = 2
            server_login_retry = 0.2
            query_wait_timeout = 5
            """
        try ServerScript.run(Self.start, in: folder, lines)
    }

    /// Its process; `nil` where it does not run.
    package var process: Int32? {
        let text = (try? String(contentsOfFile: folder + "/pgbouncer.pid", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Ends it as a crash would, and starts it again.
    ///
    /// - Throws: ``ChaosError``.
    package func restart() throws {
        if let process { kill(process, SIGKILL) }
        try ServerScript.run(Self.restart, in: folder)
    }

    private static let start = """
        chown "$owner" "$dir" "$dir/log"
        PATH=$PATH:/usr/sbin
        command -v pgbouncer >/dev/null || { echo "pgbouncer is not installed"; exit 1; }
        printf '%s\\n' "$2" >"$dir/pgbouncer.ini"
        as_owner "$(command -v pgbouncer)" -d -q "$dir/pgbouncer.ini"
        """

    private static let restart = """
        PATH=$PATH:/usr/sbin
        rm -f "$dir/pgbouncer.pid"
        as_owner "$(command -v pgbouncer)" -d -q "$dir/pgbouncer.ini"
        """
}
