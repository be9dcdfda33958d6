internal import Glibc

/// The user that Postgres runs as: it refuses to run as root.
struct ServerAccount: Sendable, Hashable {
    let user: uid_t
    let group: gid_t
    let name: String

    init?(user: uid_t) {
        guard let entry = unsafe getpwuid(user) else { return nil }
        unsafe self.init(entry.pointee)
    }

    private init?(named name: String) {
        guard let entry = unsafe getpwnam(name) else { return nil }
        unsafe self.init(entry.pointee)
    }

    private init(_ entry: passwd) {
        unsafe (user, group, name) = (entry.pw_uid, entry.pw_gid, String(cString: entry.pw_name))
    }

    private init(user: uid_t, group: gid_t) { (self.user, self.group, name) = (user, group, "\(user)") }

    /// Our own user, unless that is root: then who owns the cluster or the data folder, `postgres`, or `nobody`.
    static func choose(for folder: ClusterFolder) throws(EmbeddedPostgresError) -> ServerAccount {
        guard geteuid() == 0 else {
            return ServerAccount(user: geteuid()) ?? ServerAccount(user: geteuid(), group: getegid())
        }
        for path in [folder.cluster, folder.path] {
            guard let entry = try FileSystem.entry(path), entry.owner != 0 else { continue }
            return ServerAccount(user: entry.owner) ?? ServerAccount(user: entry.owner, group: entry.group)
        }
        guard let account = ServerAccount(named: "postgres") ?? ServerAccount(named: "nobody") else {
            throw .noAccount
        }
        return account
    }

    /// The words before a command so that it runs as this user and gets SIGINT when the thread that started it ends.
    func wrapping(_ command: [String]) throws(EmbeddedPostgresError) -> [String] {
        let places = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/sbin/setpriv"]
        guard let setpriv = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw .setprivMissing
        }
        let change = ["--reuid", "\(user)", "--regid", "\(group)", "--clear-groups"]
        return [setpriv] + (geteuid() == 0 ? change : []) + ["--pdeathsig", "INT", "--"] + command
    }

    /// Whether the mode of a folder lets this user pass through it.
    func maySearch(_ entry: FileSystem.Entry) -> Bool {
        if entry.owner == user { return entry.mode & S_IXUSR != 0 }
        if entry.group == group { return entry.mode & S_IXGRP != 0 }
        return entry.mode & S_IXOTH != 0
    }
}
