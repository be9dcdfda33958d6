import EmbeddedPostgres
import Foundation
import Testing

@Suite("Embedded cluster: where the socket is", .serialized, .timeLimit(.minutes(30)))
struct SocketFolderTests {
    @Test(
        "the socket stays inside the data folder while its path has at most 107 bytes",
        arguments: [(86, true), (87, false)]
    )
    func longestPath(count: Int, isInside: Bool) {
        // After it come "/socket" and "/.s.PGSQL.5432": 7 and 14 bytes.
        let path = "/" + String(repeating: "d", count: count - 1)
        let url = EmbeddedCluster.connectionString(dataDirectory: path)
        #expect(url.hasPrefix("host='\(path)/socket'") == isInside)
        #expect(url.hasPrefix("host='/tmp/lastcall-") != isInside)
    }

    @Test("spellings of one folder lead to one socket, whether it exists or not")
    func spellings() {
        let expected = EmbeddedCluster.connectionString(dataDirectory: "/tmp/no/such/data")
        for spelling in [
            "/tmp//no/such/data/", "/tmp/./no/other/../such/data", "/proc/self/root/tmp/no/such/data",
        ] {
            #expect(EmbeddedCluster.connectionString(dataDirectory: spelling) == expected)
        }
        let here = FileManager.default.currentDirectoryPath
        #expect(
            EmbeddedCluster.connectionString(dataDirectory: "./x")
                == EmbeddedCluster.connectionString(dataDirectory: here + "/x")
        )
    }

    @Test("a name with a quote or a backslash is quoted for libpq, one with a comma goes elsewhere")
    func quoting() {
        let url = EmbeddedCluster.connectionString(dataDirectory: "/a'b\\c")
        #expect(url == "host='/a\\'b\\\\c/socket' port='5432' user='lastcall' dbname='lastcall'")
        #expect(EmbeddedCluster.connectionString(dataDirectory: "/a,b").hasPrefix("host='/tmp/lastcall-"))
    }

    @Test("a cluster with a long and odd path runs, and its clients check who the server is")
    func longPath() async throws {
        try await withScratch(below: "/it's, \"odd\" " + String(repeating: "x", count: 90)) { scratch in
            try Self.openRoot(of: scratch)
            let cluster = scratch.cluster()
            try await withRunning(cluster) {
                #expect(cluster.connectionString.contains(" requirepeer='"))
                let one = try await Program.psql(cluster.connectionString, "select 1")
                #expect(one == "1")
                let wrong = cluster.connectionString.replacing(
                    /requirepeer='.*?'/,
                    with: "requirepeer='daemon'"
                )
                let refusal = try await Program.psql(wrong, "select 1")
                #expect(refusal.contains("requirepeer"))
            }
            try? FileManager.default.removeItem(atPath: Self.host(of: cluster))
        }
    }

    @Test("a socket folder that others may enter is refused")
    func taken() async throws {
        try await withScratch(below: "/" + String(repeating: "y", count: 90)) { scratch in
            try Self.openRoot(of: scratch)
            let cluster = scratch.cluster()
            let folder = Self.host(of: cluster)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            await #expect(throws: EmbeddedPostgresError.socketFolderTaken(path: folder)) {
                try await cluster.start()
            }
        }
    }

    private static func openRoot(of scratch: Scratch) throws {
        let root = URL(filePath: scratch.path).deletingLastPathComponent().path()
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: root)
    }

    private static func host(of cluster: EmbeddedCluster) -> String {
        String(cluster.connectionString.split(separator: "'")[1])
    }
}
