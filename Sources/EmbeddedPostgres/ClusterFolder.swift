internal import Glibc

/// What is where below the data folder; every path is absolute and free of symbolic links.
struct ClusterFolder: Sendable, Hashable {
    /// The data folder itself.
    let path: String

    /// The cluster, Postgres's own data directory.
    var cluster: String { path + "/postgres" }
    /// Where `initdb` works; renamed when it is done, so whatever has this name is half made.
    var unfinished: String { path + "/postgres.unfinished" }
    /// Locked for as long as an instance has the folder; holds its process id.
    var lockFile: String { path + "/lastcall.lock" }
    /// What the server prints.
    var log: String { path + "/postgres.log" }

    /// - Parameter dataDirectory: may be relative, may not exist yet: the answer is the same before and after.
    init(dataDirectory: String) { path = Self.resolve(dataDirectory) }

    /// The major version that made the cluster; `nil` where there is none.
    var clusterVersion: String? {
        let text = FileSystem.text(of: cluster + "/PG_VERSION").prefix { !$0.isNewline }
        return text.isEmpty ? nil : String(text)
    }

    /// The folder of the socket: inside the data folder, unless its path would be longer than the kernel's 107 bytes
    /// or hold a comma, where libpq takes a list apart.
    var socketDirectory: String {
        isSocketInside ? path + "/socket" : "/tmp/lastcall-" + Self.digest(path)
    }

    /// The socket as clients open it.
    var socket: String { socketDirectory + "/.s.PGSQL.5432" }

    private var isSocketInside: Bool {
        (path + "/socket/.s.PGSQL.5432").utf8.count <= 107 && !path.contains(",")
    }

    /// How to reach the database; a libpq conninfo string.
    var connectionString: String {
        var words = [
            ("host", socketDirectory), ("port", "5432"), ("user", "lastcall"), ("dbname", "lastcall"),
        ]
        // Anybody may make a folder in /tmp, so there the server's owner is checked as well.
        if !isSocketInside, let owner = (try? FileSystem.entry(cluster))??.owner,
            let name = ServerAccount(user: owner)?.name
        {
            words.append(("requirepeer", name))
        }
        return words.map { "\($0.0)=\(Self.quoted($0.1))" }.joined(separator: " ")
    }

    private static func quoted(_ value: String) -> String {
        let escaped = value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }
        return "'" + escaped.joined() + "'"
    }

    /// Resolves links in the part that exists, and `.` and `..` by name in the rest.
    private static func resolve(_ path: String) -> String {
        var head = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        var rest: [Substring] = []
        while !head.isEmpty {
            if let real = realPath(head) {
                head = real == "/" ? "" : real
                break
            }
            let parts = head.split(separator: "/")
            if let last = parts.last { rest.insert(last, at: 0) }
            head = parts.dropLast().map { "/" + $0 }.joined()
        }
        var names = head.split(separator: "/")
        for name in rest where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return names.map { "/" + $0 }.joined()
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static var workingDirectory: String { realPath(".") ?? "" }

    /// FNV-1a, 64 bits, in hexadecimal: short, and the same in every process.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension ClusterFolder {
    /// The folder of a file after links are resolved.
    static func parent(ofReal path: String) -> String {
        resolve(path).split(separator: "/").dropLast().map { "/" + $0 }.joined()
    }
}
