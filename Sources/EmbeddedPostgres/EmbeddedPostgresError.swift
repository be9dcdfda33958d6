internal import Glibc

/// Why the embedded Postgres does not run; the description is what an operator reads.
public enum EmbeddedPostgresError: Error, Sendable, Hashable {
    /// No folder holds `initdb`, `postgres` and `createdb`; these were looked at.
    case binariesMissing(searched: [String])
    /// The folder was made by another major version than the programs are.
    case wrongMajorVersion(folder: String, binaries: String)
    /// The folder is not empty and holds no cluster; it is left as it is.
    case notACluster(path: String)
    /// Another process of Lastcall has the data folder; its id, where it could be read.
    case inUse(pid: Int32?)
    /// Postgres does not run as root, and the user it runs as cannot reach the folder past this ancestor.
    case unreachableFolder(path: String, ancestor: String)
    /// The socket folder belongs to somebody else or is open to others, so it cannot be trusted.
    case socketFolderTaken(path: String)
    /// The program `setpriv` of util-linux is not there; it ties Postgres to this process's life.
    case setprivMissing
    /// The process is root, and there is neither a user `postgres` nor a user `nobody`.
    case noAccount
    /// A server that a killed instance left behind does not stop.
    case leftOverServer(pid: Int32)
    /// A call of the system failed; `code` is its error number.
    case system(operation: String, path: String, code: Int32)
    /// A program of Postgres failed; the end of what it printed.
    case commandFailed(command: String, output: String)
    /// The server answers, and refuses us; the five-character code.
    case refused(sqlState: String)
    /// The server was not ready in time; the end of its log.
    case notReady(log: String)
    /// The server ended though nobody stopped it; the end of its log.
    case died(status: String, log: String)
    /// The server ignored both requests to stop.
    case didNotStop(pid: Int32)
    /// `start()` was called before.
    case alreadyStarted
}

extension EmbeddedPostgresError: CustomStringConvertible {
    /// What is wrong and what helps.
    public var description: String {
        switch self {
        case .binariesMissing(let searched):
            "no Postgres programs in \(searched.joined(separator: ", ")): apt-get install postgresql, "
                + "or name their folder with LASTCALL_POSTGRES_BIN_DIR, or give LASTCALL_DATABASE_URL"
        case .wrongMajorVersion(let folder, let binaries):
            "the data folder was made by Postgres \(folder), the programs are \(binaries): install "
                + "postgresql-\(folder), or move the data with pg_upgrade"
        case .notACluster(let path):
            "\(path) is not empty and holds no Postgres cluster; give another LASTCALL_DATA_DIR"
        case .inUse(let pid):
            "another Lastcall has this data folder" + (pid.map { ", process \($0)" } ?? "")
        case .unreachableFolder(let path, let ancestor):
            "Postgres does not run as root, and the user it runs as cannot reach \(path): \(ancestor) is closed to "
                + "it; give another LASTCALL_DATA_DIR, or chmod o+x \(ancestor)"
        case .socketFolderTaken(let path):
            "\(path) belongs to another user or is open to others; remove it"
        case .setprivMissing:
            "the program setpriv is missing: apt-get install util-linux"
        case .noAccount:
            "Postgres does not run as root, and there is neither a user postgres nor a user nobody"
        case .leftOverServer(let pid):
            "a Postgres that an earlier Lastcall left behind does not stop: process \(pid)"
        case .system(let operation, let path, let code):
            unsafe "\(operation) \(path): \(String(cString: strerror(code)))"
        case .commandFailed(let command, let output):
            "\(command) failed: \(output)"
        case .refused(let sqlState):
            "the embedded Postgres refuses the connection: SQLSTATE \(sqlState)"
        case .notReady(let log):
            "the embedded Postgres was not ready in time: \(log)"
        case .died(let status, let log):
            "the embedded Postgres ended, \(status): \(log)"
        case .didNotStop(let pid):
            "the embedded Postgres does not stop: process \(pid)"
        case .alreadyStarted:
            "the embedded Postgres was started before"
        }
    }
}
