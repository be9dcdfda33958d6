import EmbeddedPostgres
import Foundation
import Logging
import Testing

@Suite("Embedded cluster", .serialized, .timeLimit(.minutes(30)))
struct EmbeddedClusterTests {
    @Test("the first start makes a durable cluster that only a socket leads to, and a restart keeps its data")
    func startAndRestart() async throws {
        try await withScratch { scratch in
            let first = scratch.cluster()
            try await withRunning(first) {
                let url = first.connectionString
                #expect(url == EmbeddedCluster.connectionString(dataDirectory: scratch.path))
                let settings = """
                    select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in
                    ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'data_checksums',
                    'server_encoding', 'lc_collate', 'unix_socket_permissions', 'TimeZone', 'max_connections')
                    """
                let shown = try await Program.psql(url, settings)
                #expect(
                    shown
                        == "TimeZone=UTC data_checksums=on fsync=on full_page_writes=on lc_collate=C listen_addresses= "
                        + "max_connections=200 server_encoding=UTF8 synchronous_commit=on unix_socket_permissions=0700"
                )
                let printed = try await Program.psql(url, "create table t (n int); insert into t values (7)")
                #expect(printed == "")
            }
            #expect(scratch.serverID == nil)
            let second = scratch.cluster()
            try await withRunning(second) {
                let kept = try await Program.psql(second.connectionString, "select n from t")
                #expect(kept == "7")
            }
        }
    }

    @Test("folders are open to their owner only, nobody else starts there, and nobody starts twice")
    func ownership() async throws {
        try await withScratch { scratch in
            let cluster = scratch.cluster()
            try await withRunning(cluster) {
                let modes = try ["/postgres", "/socket", "/postgres.log", "/lastcall.lock", ""].map { name in
                    try FileManager.default.attributesOfItem(atPath: scratch.path + name)[.posixPermissions]
                        as? Int
                }
                // Root lets the server's user pass through the data folder, and see nothing of it.
                #expect(modes == [0o700, 0o700, 0o600, 0o600, geteuid() == 0 ? 0o711 : 0o700])
                await #expect(throws: EmbeddedPostgresError.alreadyStarted) { try await cluster.start() }
                await #expect(throws: EmbeddedPostgresError.inUse(pid: getpid())) {
                    try await scratch.cluster().start()
                }
            }
        }
    }

    @Test("a server that dies is an error of the service")
    func death() async throws {
        try await withScratch { scratch in
            let cluster = scratch.cluster()
            try await cluster.start()
            kill(try #require(scratch.serverID), SIGKILL)
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await cluster.run() }
            guard case .died(let status, let log)? = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(status == "signal 9")
            #expect(log.contains("ready to accept connections"))
        }
    }

    @Test("cancellation of the service stops the server cleanly")
    func cancellation() async throws {
        try await withScratch { scratch in
            let cluster = scratch.cluster()
            try await cluster.start()
            let service = Task { try await cluster.run() }
            service.cancel()
            try await service.value
            let control = try await Program.run([
                Program.binaries + "/pg_controldata", scratch.path + "/postgres",
            ])
            #expect(control.output.contains(/Database cluster state: +shut down\n/))
        }
    }

    @Test("kill -9 of the process that started it stops the server")
    func parentKilled() async throws {
        try await withScratch { scratch in
            let path = scratch.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let cluster = EmbeddedCluster(
                    configuration: EmbeddedClusterConfiguration(dataDirectory: path),
                    logger: Logger(label: "holder")
                )
                try await cluster.start()
                kill(getpid(), SIGKILL)
            }
            // A server that lives on answers with an empty line after the wait; a dying one with an error before.
            let url = EmbeddedCluster.connectionString(dataDirectory: path)
            let answer = try await Program.psql(url, "select pg_sleep(20)")
            let ends = [
                "terminating connection", "shutting down", "closed the connection", "No such file", "refused",
            ]
            #expect(ends.contains { answer.contains($0) }, "\(answer)")
            // The next instance takes over, and finds a cluster that was shut down, not one that crashed.
            try await withRunning(scratch.cluster()) {}
            let log = try String(contentsOfFile: path + "/postgres.log", encoding: .utf8)
            #expect(log.contains("received fast shutdown request"))
            #expect(!log.contains("was not properly shut down"))
        }
    }
}
