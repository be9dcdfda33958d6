import LastcallTestKit
import Testing

@testable import Benchmarks

@Suite("Processes of the benchmark")
struct ChildProgramTests {
    private func child(_ script: String, _ folder: TemporaryFolder) throws -> ChildProgram {
        try ChildProgram(
            ["/bin/sh", "-c", script],
            environment: ["GREETING": "hello"],
            log: folder.path + "/log",
            isPiped: true
        )
    }

    @Test("Lines go in and come out, in order, also several at once")
    func lines() throws {
        let folder = try TemporaryFolder()
        let child = try child("while read line; do echo $GREETING; echo $line; done", folder)
        defer { child.end(within: .zero) }
        for word in ["one", "two"] {
            try child.send(line: word.utf8)
            #expect(try child.readLine(within: .seconds(30)) == Array("hello".utf8))
            #expect(try child.readLine(within: .seconds(30)) == Array(word.utf8))
        }
        #expect(child.isRunning)
    }

    @Test(
        "One that ends is seen, with its last words and whether it ended well",
        arguments: [(0, true), (3, false)]
    )
    func ends(status: Int, isWell: Bool) async throws {
        let folder = try TemporaryFolder()
        let child = try child("echo so be it >&2; exit \(status)", folder)
        try await eventually("its end") { !child.isRunning }
        #expect(child.endedWell == isWell)
        #expect(throws: BenchmarkError("process \(child.id) has ended: so be it")) {
            try child.readLine(within: .seconds(30))
        }
    }

    @Test("One that ignores SIGTERM is ended when its time is over")
    func stubborn() throws {
        let folder = try TemporaryFolder()
        let child = try child("trap '' TERM; echo ready; while :; do read line || :; done", folder)
        #expect(try child.readLine(within: .seconds(30)) == Array("ready".utf8))
        child.end(within: .milliseconds(50))
        #expect(!child.isRunning)
        #expect(!child.endedWell)
    }
}
