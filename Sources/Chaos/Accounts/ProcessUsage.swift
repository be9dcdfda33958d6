internal import Benchmarks
internal import FoundationEssentials
internal import Glibc
internal import PostgresClient

/// What a process of the product holds.
package struct ProcessUsage: Sendable, Hashable {
    /// `api`, `worker`, or `postgres` for all connections of the product.
    package var role: String
    /// Resident memory in MB.
    package var memory: Int
    /// Open descriptors; of `postgres`, its connections.
    package var descriptors: Int
    /// Threads.
    package var threads: Int

    /// - Parameters:
    ///   - role: whose it is.
    ///   - memory: resident, in MB.
    ///   - descriptors: open ones.
    ///   - threads: how many.
    package init(role: String, memory: Int, descriptors: Int, threads: Int) {
        (self.role, self.memory, self.descriptors, self.threads) = (role, memory, descriptors, threads)
    }

    /// Reads what the members of a fleet hold now, and how many connections they have.
    ///
    /// - Parameter world: whose fleet.
    /// - Returns: a line each; those that do not run are left out.
    static func read(_ world: World) -> [ProcessUsage] {
        var all: [ProcessUsage] = []
        for member in world.fleet.members where member.isRunning {
            let folder = "/proc/\(member.pid)"
            let pages =
                ProcFile.text(folder + "/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
                ?? 0
            let files = try? FileManager.default.contentsOfDirectory(atPath: folder + "/fd")
            let threads = try? FileManager.default.contentsOfDirectory(atPath: folder + "/task")
            all.append(
                ProcessUsage(
                    role: member.role == .api ? "api" : "worker",
                    memory: (pages * Int(sysconf(Int32(_SC_PAGESIZE)))) >> 20,
                    descriptors: files?.count ?? 0,
                    threads: threads?.count ?? 0
                )
            )
        }
        if let configuration = try? world.postgres.directConfiguration,
            let connection = try? PostgresConnection.connect(configuration),
            let count = try? connection.query(connections).first?.int8(0)
        {
            all.append(ProcessUsage(role: "postgres", memory: 0, descriptors: Int(count), threads: 0))
        }
        return all
    }

    /// The processor time that a process has used so far, in seconds; 0 where there is none.
    static func processorTime(of pid: Int32) -> Double {
        let text = ProcFile.text("/proc/\(pid)/stat")
        // Behind the name, which may contain anything: state is field 3, utime and stime are 14 and 15.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return 0
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static let connections = PostgresStatement(
        name: "chaos_connections",
        text:
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and application_name <> 'lastcall-chaos'",
        access: .readOnly
    )
}
