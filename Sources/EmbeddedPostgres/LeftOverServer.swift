internal import Glibc

/// A server that still runs in the cluster though nobody holds the data folder: its Lastcall was killed.
struct LeftOverServer {
    let id: pid_t
    private let cluster: String

    /// - Returns: `nil` where the cluster's pid file names no process that works in the cluster; an id may have been
    ///   given to another program since.
    init?(in cluster: String) {
        let line = FileSystem.text(of: cluster + "/postmaster.pid").split(whereSeparator: \.isNewline).first
        guard let id = line.flatMap({ pid_t($0) }).map(abs), id > 0 else { return nil }
        self.id = id
        self.cluster = cluster
        guard isRunning else { return nil }
    }

    /// A server's working folder is its cluster.
    private var isRunning: Bool {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe readlink("/proc/\(id)/cwd", &target, target.count - 1)
        let bytes = target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return count > 0 && String(decoding: bytes, as: UTF8.self) == cluster
    }

    /// Stops it: politely, then firmly.
    ///
    /// - Throws: ``EmbeddedPostgresError/leftOverServer(pid:)`` where it runs on.
    func stop(within timeout: Duration) throws(EmbeddedPostgresError) {
        for signal in [SIGINT, SIGQUIT] {
            kill(id, signal)
            if ServerThread.wait(until: .now + timeout, for: { !isRunning }) { return }
        }
        throw .leftOverServer(pid: id)
    }
}
