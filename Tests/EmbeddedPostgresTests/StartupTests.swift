import EmbeddedPostgres
import Foundation
import Testing

@Suite("Embedded cluster: what a start meets", .serialized, .timeLimit(.minutes(30)))
struct StartupTests {
    @Test("missing programs are named, and a folder that was named is the only one looked at")
    func binariesMissing() async throws {
        try await withScratch { scratch in
            let cluster = scratch.cluster { $0.binariesDirectory = "/nonexistent" }
            await #expect(throws: EmbeddedPostgresError.binariesMissing(searched: ["/nonexistent"])) {
                try await cluster.start()
            }
            #expect(
                EmbeddedPostgresError.binariesMissing(searched: []).description.contains(
                    "apt-get install postgresql"
                )
            )
        }
    }

    @Test("a folder of another major version is refused and left alone")
    func wrongVersion() async throws {
        try await withScratch { scratch in
            try scratch.write("9\n", to: "postgres/PG_VERSION")
            let version = try #require(Program.binaries.split(separator: "/").dropLast().last)
            let expected = EmbeddedPostgresError.wrongMajorVersion(folder: "9", binaries: String(version))
            await #expect(throws: expected) { try await scratch.cluster().start() }
            #expect(scratch.exists("postgres/PG_VERSION"))
        }
    }

    @Test("a folder with something else in it is refused and left alone")
    func notACluster() async throws {
        try await withScratch { scratch in
            try scratch.write("mine", to: "postgres/letter.txt")
            await #expect(throws: EmbeddedPostgresError.notACluster(path: scratch.path + "/postgres")) {
                try await scratch.cluster().start()
            }
            #expect(scratch.exists("postgres/letter.txt"))
        }
    }

    @Test("an empty folder becomes a cluster, and a half-made one is made anew")
    func halfMade() async throws {
        try await withScratch { scratch in
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/postgres",
                withIntermediateDirectories: true
            )
            try scratch.write("15\n", to: "postgres.unfinished/PG_VERSION")
            try scratch.write("", to: "postgres.unfinished/base/1/112")
            try await withRunning(scratch.cluster()) {}
            #expect(!scratch.exists("postgres.unfinished"))
            #expect(scratch.exists("postgres/base"))
        }
    }

    @Test("a server that a killed instance left behind is stopped first")
    func leftOver() async throws {
        try await withScratch { scratch in
            let first = scratch.cluster()
            try await withRunning(first) {
                _ = try await Program.psql(
                    first.connectionString,
                    "create table t (n int); insert into t values (7)"
                )
            }
            let owner = try FileManager.default.attributesOfItem(atPath: scratch.path + "/postgres")
            let user = try #require(owner[.ownerAccountID] as? NSNumber).intValue
            let change = geteuid() == 0 ? ["--reuid", "\(user)", "--clear-groups"] : []
            let start = [
                Program.binaries + "/pg_ctl", "start", "-w", "-D", scratch.path + "/postgres", "-l",
                "/dev/null", "-o",
                "-c listen_addresses= -c unix_socket_directories=\(scratch.path)/socket",
            ]
            #expect(try await Program.run(["/usr/bin/setpriv"] + change + start).status == 0)
            let old = try #require(scratch.serverID)
            let second = scratch.cluster()
            try await withRunning(second) {
                #expect(scratch.serverID != old)
                let kept = try await Program.psql(second.connectionString, "select n from t")
                #expect(kept == "7")
            }
        }
    }

    @Test("a stale process id in the cluster stops nobody")
    func stalePID() async throws {
        try await withScratch { scratch in
            try await withRunning(scratch.cluster()) {}
            let bystander = try Program.start(["/bin/sleep", "1000"])
            defer { bystander.end() }
            try scratch.write("\(bystander.id)\n", to: "postgres/postmaster.pid")
            // Whether Postgres itself starts over such a file depends on whose the process is; ours must live.
            let cluster = scratch.cluster()
            if (try? await cluster.start()) != nil { try await cluster.stop() }
            #expect(bystander.isRunning)
        }
    }

    @Test("a database that is missing is made")
    func missingDatabase() async throws {
        try await withScratch { scratch in
            let first = scratch.cluster()
            try await withRunning(first) {
                let other = first.connectionString.replacing("dbname='lastcall'", with: "dbname='postgres'")
                let printed = try await Program.psql(other, "drop database lastcall")
                #expect(printed == "")
            }
            let second = scratch.cluster()
            try await withRunning(second) {
                let name = try await Program.psql(second.connectionString, "select current_database()")
                #expect(name == "lastcall")
            }
        }
    }

    @Test(
        "a data folder below one that Postgres may not enter is refused by name",
        .enabled(if: geteuid() == 0)
    )
    func unreachable() async throws {
        try await withScratch(below: "/deep/data") { scratch in
            let closed = String(scratch.path.dropLast("/deep/data".count))
            let expected = EmbeddedPostgresError.unreachableFolder(path: scratch.path, ancestor: closed)
            await #expect(throws: expected) { try await scratch.cluster().start() }
            #expect(expected.description.contains("chmod o+x \(closed)"))
        }
    }

    @Test("started by root, the owner of the data folder runs the server", .enabled(if: geteuid() == 0))
    func owner() async throws {
        try await withScratch { scratch in
            try FileManager.default.setAttributes(
                [.ownerAccountID: 65_534, .groupOwnerAccountID: 65_534],
                ofItemAtPath: scratch.path
            )
            try await withRunning(scratch.cluster()) {
                let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/postgres")
                #expect(attributes[.ownerAccountID] as? NSNumber == 65_534)
            }
        }
    }

    @Test("a start that fails releases the folder, and names what Postgres said")
    func failedStart() async throws {
        try await withScratch { scratch in
            try await withRunning(scratch.cluster()) {}
            let file = scratch.path + "/postgres/postgresql.conf"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try (text + "no_such_setting = 1\n").write(toFile: file, atomically: false, encoding: .utf8)
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await scratch.cluster().start()
            }
            guard case .died(let status, let log)? = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(status == "exit status 1")
            #expect(log.contains("no_such_setting"))
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            try await withRunning(scratch.cluster()) {}
        }
    }
}
