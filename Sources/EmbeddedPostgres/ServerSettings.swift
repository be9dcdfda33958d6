internal import Glibc

/// What the server is told.
enum ServerSettings {
    /// Given on the command line at every start, over whatever a file says: who may connect, and that nothing
    /// acknowledged is lost.
    static func fixed(socketDirectory: String) -> [String] {
        // A list in Postgres's eyes: quoted, it is one name with whatever characters.
        let quoted =
            "\""
            + socketDirectory.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\""
            ) + "\""
        let settings = [
            "listen_addresses=", "port=5432", "unix_socket_directories=\(quoted)",
            "unix_socket_permissions=0700",
            "fsync=on", "full_page_writes=on", "synchronous_commit=on", "logging_collector=off",
            "log_destination=stderr",
        ]
        return settings.flatMap { ["-c", $0] }
    }

    /// Lines for the end of `postgresql.conf` when the cluster is made; an operator may change them there.
    ///
    /// - Parameter memory: of the machine or container, in bytes.
    /// - Returns: the lines.
    static func initial(memory: Int) -> String {
        let megabytes = memory / 1_048_576
        return """

            # Lastcall's choices for this machine when the cluster was made; change them here.
            shared_buffers = \(min(max(megabytes / 8, 32), 1_024))MB
            effective_cache_size = \(max(megabytes / 2, 64))MB
            max_connections = 200
            max_wal_size = 2GB
            jit = off
            timezone = 'UTC'
            log_timezone = 'UTC'
            log_checkpoints = off

            """
    }

    /// What this process may use: the machine's memory or the control group's limit, in bytes.
    static var memory: Int {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let limit = FileSystem.text(of: "/sys/fs/cgroup/memory.max").split(whereSeparator: \.isNewline).first
        return min(machine, limit.flatMap { Int($0) } ?? machine)
    }
}
