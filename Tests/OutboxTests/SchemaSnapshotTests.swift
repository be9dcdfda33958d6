import Foundation
import LastcallTestKit
import Testing

@Suite("Schema snapshot", .lastcallDatabase)
struct SchemaSnapshotTests {
    static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "sql/schema.sql")

    static func header(_ version: String) -> String {
        """
        -- What sql/migrations comes to, as pg_dump \(version) writes it, without the tables of single days: for reviewers.
        -- A test compares the two; scripts/schema writes this file.

        """
    }

    @Test("sql/schema.sql is what the migrations come to")
    func snapshot() throws {
        let database = try ScratchDatabase.current
        let dump = try database.cluster.dumpSchema(of: database.name).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let stamp = /-- Dumped by pg_dump version (\d+).*/
        let versions = dump.compactMap { line in line.wholeMatch(of: stamp).map { String($0.1) } }
        let version = try #require(versions.first)
        // Comments, session settings and the tokens of newer versions say nothing of the schema.
        let noise = ["--", "SET ", "SELECT pg_catalog.set_config", "\\restrict", "\\unrestrict"]
        var lines: [Substring] = []
        for line in dump where !noise.contains(where: line.hasPrefix) {
            if !line.isEmpty || lines.last?.isEmpty == false { lines.append(line) }
        }
        let schema = Self.header(version) + "\n" + lines.joined(separator: "\n")
        if ProcessInfo.processInfo.environment["LASTCALL_WRITE_SCHEMA"] != nil {
            try schema.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let kept = try String(contentsOf: Self.file, encoding: .utf8)
        // Another pg_dump spells the same schema in other words.
        guard kept.hasPrefix(Self.header(version)) else { return }
        #expect(kept == schema, "run scripts/schema, and read what it changed")
    }
}
