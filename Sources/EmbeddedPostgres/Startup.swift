internal import FoundationEssentials
internal import Glibc
internal import Logging

/// Everything between a data folder and a server that answers; blocks the thread it runs on.
struct Startup {
    /// A server that answered, and what it holds.
    struct Server: Sendable {
        let process: ChildProcess
        let lock: FolderLock
        /// Where its part of the log begins, in bytes.
        let logStart: Int
    }

    let configuration: EmbeddedClusterConfiguration
    let folder: ClusterFolder
    let logger: Logger

    func run() throws(EmbeddedPostgresError) -> Server {
        try FileSystem.makeDirectories(folder.path, mode: geteuid() == 0 ? 0o711 : 0o700)
        let lock = try FolderLock(folder.lockFile)
        let account = try ServerAccount.choose(for: folder)
        let binaries = try PostgresBinaries.find(configuration, version: folder.clusterVersion)
        try checkReach(account)
        try checkCluster(binaries, account)
        if folder.clusterVersion == nil { try makeCluster(binaries, account) }
        if let old = LeftOverServer(in: folder.cluster) {
            logger.warning("embedded Postgres of a killed process is stopped", metadata: ["pid": "\(old.id)"])
            try old.stop(within: configuration.stopTimeout)
        }
        try makeSocketDirectory(account)
        let server = try spawn(binaries, account, lock)
        do {
            try waitUntilReady(server, binaries, account)
        } catch {
            halt(server.process)
            throw error
        }
        return server
    }

    /// Root makes way for the server's user in the data folder itself, which is Lastcall's own, and nowhere else.
    private func checkReach(_ account: ServerAccount) throws(EmbeddedPostgresError) {
        guard geteuid() == 0, let entry = try FileSystem.entry(folder.path) else { return }
        if !account.maySearch(entry), entry.owner == 0 {
            logger.notice("data folder made searchable for Postgres", metadata: ["path": "\(folder.path)"])
            guard unsafe chmod(folder.path, (entry.mode & 0o7777) | S_IXGRP | S_IXOTH) == 0 else {
                throw .system(operation: "open up", path: folder.path, code: errno)
            }
        }
        // The kernel's own answer, since modes do not tell everything; they only serve to name the culprit.
        let test = ["/bin/sh", "-c", "cd \"$1\"", "sh", folder.path]
        do {
            try Command.run(test, as: account, in: "/", timeout: .seconds(30))
        } catch .commandFailed {
            let parts = folder.path.split(separator: "/")
            let ancestors = parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
            for ancestor in ancestors {
                guard let entry = try FileSystem.entry(ancestor), !account.maySearch(entry) else { continue }
                throw .unreachableFolder(path: folder.path, ancestor: ancestor)
            }
            throw .unreachableFolder(path: folder.path, ancestor: folder.path)
        }
    }

    private func checkCluster(
        _ binaries: PostgresBinaries,
        _ account: ServerAccount
    ) throws(EmbeddedPostgresError) {
        guard let made = folder.clusterVersion else {
            guard try FileSystem.entry(folder.cluster).map(\.isDirectory) ?? true,
                FileSystem.names(in: folder.cluster).isEmpty
            else { throw .notACluster(path: folder.cluster) }
            return
        }
        let words = [binaries.path(of: "postgres"), "--version"]
        let output = try Command.run(words, as: account, in: folder.path, timeout: .seconds(30))
        let version = PostgresBinaries.majorVersion(in: output) ?? output
        guard made == version else { throw .wrongMajorVersion(folder: made, binaries: version) }
    }

    /// Makes the cluster under another name and renames it when it is whole: a crash leaves either all or a folder
    /// whose name says that it is half made.
    private func makeCluster(
        _ binaries: PostgresBinaries,
        _ account: ServerAccount
    ) throws(EmbeddedPostgresError) {
        if try FileSystem.entry(folder.unfinished) != nil {
            logger.notice(
                "half-made Postgres folder is made anew",
                metadata: ["path": "\(folder.unfinished)"]
            )
            do {
                try FileManager.default.removeItem(atPath: folder.unfinished)
            } catch {
                throw .system(operation: "remove", path: folder.unfinished, code: errno)
            }
        }
        try FileSystem.makeDirectory(folder.unfinished, mode: 0o700)
        if geteuid() == 0 { try FileSystem.changeOwner(folder.unfinished, to: account) }
        let words = [
            binaries.path(of: "initdb"), "-D", folder.unfinished, "-U", "lastcall", "-E", "UTF8",
            "--locale=C",
            "--auth-local=trust", "--auth-host=reject", "--data-checksums",
        ]
        try Command.run(words, as: account, in: folder.path, timeout: configuration.startTimeout)
        let lines = ServerSettings.initial(memory: ServerSettings.memory)
        try FileSystem.append(lines, to: folder.unfinished + "/postgresql.conf")
        try FileSystem.move(folder.unfinished, to: folder.cluster, in: folder.path)
        logger.info("Postgres cluster made", metadata: ["path": "\(folder.cluster)"])
    }

    private func makeSocketDirectory(_ account: ServerAccount) throws(EmbeddedPostgresError) {
        let path = folder.socketDirectory
        if try FileSystem.entry(path) == nil {
            try FileSystem.makeDirectory(path, mode: 0o700)
            if geteuid() == 0 { try FileSystem.changeOwner(path, to: account) }
        }
        guard let entry = try FileSystem.entry(path), entry.isDirectory, entry.owner == account.user,
            entry.mode & 0o077 == 0
        else { throw .socketFolderTaken(path: path) }
    }
}
