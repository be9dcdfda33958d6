import Glibc
import LastcallTestKit
import Testing
import Threads

@testable import Benchmarks

@Suite("CPU time of processes")
struct CPUReadingTests {
    /// Shell arithmetic, some tenths of a second of it.
    private static let work = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"

    private func child(_ script: String, _ folder: TemporaryFolder) throws -> ChildProgram {
        try ChildProgram(
            ["/bin/sh", "-c", script],
            environment: [:],
            log: folder.path + "/log",
            isPiped: true
        )
    }

    @Test("What a process and its dead children have used is seen, and it is what the child itself says")
    func busyChild() async throws {
        let folder = try TemporaryFolder()
        // On a thread of its own: waiting for the child would take a thread from all other tests.
        let (used, text) = try await DedicatedThread.run(named: "busy-child") {
            let child = try child("read go; \(Self.work); sh -c '\(Self.work)'; echo done; read end", folder)
            defer { child.end(within: .zero) }
            let before = CPUReading.now(product: [child.id], postmaster: child.id, sink: [child.id])
            try child.send(line: [])
            #expect(try child.readLine(within: .seconds(60)) == Array("done".utf8))
            let after = CPUReading.now(product: [child.id], postmaster: child.id, sink: [child.id])
            return (after.since(before), ProcFile.text("/proc/\(child.id)/schedstat"))
        }
        // /proc/PID/schedstat: the same in nanoseconds, for the one thread that a shell has.
        let itself = try #require(Double(text.split(separator: " ").first ?? "")) / 1_000
        #expect(used.product > 10_000)
        #expect(abs(used.product - itself) < 20_000)
        #expect(abs(used.sink - used.product) < 20_000)
        // As a postmaster it is charged with the child that has ended, too.
        #expect(used.postgres > used.product * 1.5)
        #expect(used.machine >= used.product / 2)
    }

    @Test("A process that is gone has used nothing")
    func gone() async throws {
        let folder = try TemporaryFolder()
        let child = try child("exit 0", folder)
        try await eventually("the end of a child") { !child.isRunning }
        #expect(ProcessCPU.microseconds(of: child.id) == nil)
    }

    @Test("The foreign share is what neither the product nor the benchmark used")
    func foreign() {
        let reading = CPUReading(product: 30, postgres: 20, sink: 10, benchmark: 15, machine: 100)
        #expect(reading.total == 60)
        #expect(reading.foreignShare == 0.25)
        #expect(CPUReading(product: 30, machine: 20).foreignShare == 0)
        #expect(CPUReading().foreignShare == 0)
    }
}
