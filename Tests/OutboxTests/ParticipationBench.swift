import Foundation
import Glibc
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// A measurement, not a test: `LASTCALL_BENCH=1 swift test --filter ParticipationBench` prints its figures.
@Suite(
    "Bench of participations",
    .lastcallDatabase,
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["LASTCALL_BENCH"] != nil)
)
struct ParticipationBench {
    /// CPU seconds up to now, of this process and of the database's sessions.
    private struct CPU {
        let own: Double
        let postgres: Double

        init(_ bench: Workbench) throws {
            var usage = rusage()
            unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
            own = seconds(usage.ru_utime) + seconds(usage.ru_stime)
            let pids = try bench.texts("select pid from pg_stat_activity where datname = current_database()")
            postgres = pids.reduce(0) { $0 + Self.seconds(of: $1) }
        }

        /// utime and stime, fields 14 and 15 of proc(5)'s stat.
        private static func seconds(of pid: String) -> Double {
            let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
            guard fields.count > 12 else { return 0 }
            return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
        }
    }

    /// No callers: an import.
    @Test("writes per second, and CPU per write", arguments: [1, 64, 1_000, 0])
    func writes(callers: Int) async throws {
        let bench = try await Workbench(connections: 8)
        for client in 0..<20 { try await bench.putClient("rp\(client)") }
        let registry = SessionRegistry(store: bench.store, maximumWaiting: 10_000)
        let count = callers == 1 ? 4_000 : 40_000
        for (round, name) in ["new", "renewed"].enumerated() {
            let expiresAt = Timestamp(microseconds: 4_000_000_000_000_000 + Int64(round))
            let batch = (0..<count).map { number in
                bench.participation(
                    sessionID: "session-\(number / 3)",
                    clientID: "rp\(number % 20)",
                    sub: "subject-\(number / 5)",
                    sid: "sid-\(number)",
                    userAgentID: "agent-\(number / 4)",
                    expiresAt: expiresAt
                )
            }
            try await measure("\(callers == 0 ? "import" : "\(callers) callers"), \(name)", count, bench) {
                if callers == 0 {
                    try await importAll(batch, registry)
                } else {
                    try await recordEach(batch, callers, registry)
                }
            }
        }
    }

    private func importAll(_ batch: [Participation], _ registry: SessionRegistry) async throws {
        for start in stride(from: 0, to: batch.count, by: SessionRegistry.importBatch) {
            _ = try await registry.import(Array(batch[start..<(start + SessionRegistry.importBatch)]))
        }
    }

    private func recordEach(_ batch: [Participation], _ callers: Int, _ registry: SessionRegistry)
        async throws
    {
        try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask {
                    for place in stride(from: caller, to: batch.count, by: callers) {
                        _ = try await registry.record(batch[place])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func measure(_ name: String, _ count: Int, _ bench: Workbench, _ work: () async throws -> Void)
        async throws
    {
        let cpu = try CPU(bench)
        let begin = ContinuousClock.now
        try await work()
        let elapsed = (ContinuousClock.now - begin) / .seconds(1)
        let after = try CPU(bench)
        let micros = { (seconds: Double) in Int(seconds / Double(count) * 1e6) }
        print(
            "BENCH \(name): \(Int(Double(count) / elapsed)) writes/s, Postgres \(micros(after.postgres - cpu.postgres)) us,",
            "this process \(micros(after.own - cpu.own)) us of CPU a write"
        )
    }
}
