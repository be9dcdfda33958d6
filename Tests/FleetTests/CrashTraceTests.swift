import Foundation
import Glibc
import LastcallTestKit
import Testing

@Suite("What a crash leaves", .lastcallDatabase)
struct CrashTraceTests {
    /// Registers and the memory behind them are what a backtrace would show of a key.
    @Test(
        "a crash leaves its signal and nothing of the memory",
        arguments: [SIGSEGV, SIGABRT, SIGILL, SIGBUS]
    )
    func crash(signal: Int32) async throws {
        let fleet = try Fleet()
        let member = try await fleet.start("work")
        let before = member.process.errors
        #expect(try limit(of: member.process, "Max core file size") == ["0", "0", "bytes"])
        member.process.send(signal)
        #expect(await member.process.end() == .signal(signal))
        #expect(member.process.errors == before)
    }

    @Test("whoever asks for core dumps keeps the limits of the system")
    func allowed() async throws {
        let fleet = try Fleet(["LASTCALL_CORE_DUMPS": "true"])
        let member = try await fleet.start("work")
        let own = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
        let line = try #require(own.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(try limit(of: member.process, "Max core file size") == words(line.dropFirst(18)))
        #expect(await member.process.stop() == .exit(0))
    }

    @Test("no other process of the same user can read a running one's environment")
    func environment() async throws {
        let fleet = try Fleet()
        let member = try await fleet.start("work")
        let attributes = try FileManager.default.attributesOfItem(
            atPath: "/proc/\(member.process.id)/environ"
        )
        #expect(attributes[.ownerAccountID] as? Int == 0)
        #expect(await member.process.stop() == .exit(0))
    }

    private func limit(of process: LastcallProcess, _ name: String) throws -> [String] {
        let limits = try String(contentsOfFile: "/proc/\(process.id)/limits", encoding: .utf8)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix(name) })
        return words(line.dropFirst(name.count))
    }

    private func words(_ text: Substring) -> [String] { text.split(separator: " ").map(String.init) }
}
