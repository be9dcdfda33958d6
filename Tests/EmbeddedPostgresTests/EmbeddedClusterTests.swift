import EmbeddedPostgres
import Foundation
import Testing

@Suite("Embedded cluster", .serialized, .timeLimit(.minutes(3)))
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
                    'server_encoding', 'lc_collate', 'unix_socket_permissions', 'TimeZone')
                    """
                #expect(
                    try await Program.psql(url, settings)
                        == "TimeZone=UTC data_checksums=on fsync=on full_page_writes=on lc_collate=C listen_addresses= "
                        + "server_encoding=UTF8 synchronous_commit=on unix_socket_permissions=0700"
                )
                #expect(try await Program.psql(url, "create table t (n int); insert into t values (7)") == "")
            }
            #expect(scratch.serverID == nil)
            let second = scratch.cluster()
            try await withRunning(second) {
                #expect(try await Program.psql(second.connectionString, "select n from t") == "7")
            }
        }
    }

    @Test("folders are open to their owner only, and the data folder no further than to pass through")
    func modes() async throws {
        try await withScratch { scratch in
            try await withRunning(scratch.cluster()) {
                func mode(_ name: String) throws -> Int? {
                    let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + name)
                    return attributes[.posixPermissions] as? Int
                }
                #expect(try mode("/postgres") == 0o700)
                #expect(try mode("/socket") == 0o700)
                #expect(try mode("/postgres.log") == 0o600)
                #expect(try mode("/lastcall.lock") == 0o600)
                #expect(try mode("") == (geteuid() == 0 ? 0o711 : 0o700))
            }
        }
    }

    @Test("a second instance on one data folder is refused with the first one's process")
    func secondInstance() async throws {
        try await withScratch { scratch in
            try await withRunning(scratch.cluster()) {
                await #expect(throws: EmbeddedPostgresError.inUse(pid: getpid())) {
                    try await scratch.cluster().start()
                }
            }
        }
    }

    @Test("a cluster starts once")
    func startTwice() async throws {
        try await withScratch { scratch in
            let cluster = scratch.cluster()
            try await withRunning(cluster) {
                await #expect(throws: EmbeddedPostgresError.alreadyStarted) { try await cluster.start() }
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
            let control = try await Program.run(
                Program.binaries + "/pg_controldata",
                [scratch.path + "/postgres"]
            )
            #expect(control.output.contains(/Database cluster state: +shut down\n/))
        }
    }

    @Test("kill -9 of the process that started it stops the server")
    func parentKilled() async throws {
        try await withScratch { scratch in
            let path = scratch.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path] in
                let cluster = EmbeddedCluster(
                    configuration: EmbeddedClusterConfiguration(dataDirectory: path),
                    logger: .init(label: "holder")
                )
                try await cluster.start()
                kill(getpid(), SIGKILL)
            }
            #expect(scratch.exists("postgres/PG_VERSION"))
            await Self.untilNobodyListens(path + "/socket/.s.PGSQL.5432")
            // The next instance takes over, and finds a cluster that was shut down, not one that crashed.
            try await withRunning(scratch.cluster()) {}
            let log = try String(contentsOfFile: path + "/postgres.log", encoding: .utf8)
            #expect(log.contains("received fast shutdown request"))
            #expect(!log.contains("was not properly shut down"))
        }
    }

    /// Connects and waits for the end of the connection, until there is nobody to connect to.
    private static func untilNobodyListens(_ socket: String) async {
        await Task.detached {
            while true {
                let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(descriptor) }
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                    unsafe $0.copyBytes(from: Array(socket.utf8))
                }
                let code = unsafe withUnsafePointer(to: &address) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
                guard code == 0 else { return }
                var byte: UInt8 = 0
                _ = unsafe read(descriptor, &byte, 1)
            }
        }.value
    }
}
