internal import Glibc

/// Who has used how much CPU, at one moment; the difference of two says who used what in between. Microseconds.
public struct CPUReading: Sendable, Hashable {
    /// Processes of Lastcall.
    public var product = 0.0
    /// The postmaster and all its children.
    public var postgres = 0.0
    /// The relying parties.
    public var sink = 0.0
    /// The benchmark itself.
    public var benchmark = 0.0
    /// Everybody on this machine, what a hypervisor gave to others while we were ready among it; in clock ticks' steps.
    public var machine = 0.0

    /// Product, Postgres and sink: what a delivery costs.
    public var total: Double { product + postgres + sink }

    /// The part of all CPU time that neither the product nor the benchmark used, 0 to 1.
    public var foreignShare: Double {
        machine > 0 ? min(1, max(0, (machine - total - benchmark) / machine)) : 0
    }

    /// What was used since an earlier reading.
    ///
    /// - Parameter earlier: of the same processes.
    /// - Returns: the differences.
    public func since(_ earlier: CPUReading) -> CPUReading {
        CPUReading(
            product: product - earlier.product,
            postgres: postgres - earlier.postgres,
            sink: sink - earlier.sink,
            benchmark: benchmark - earlier.benchmark,
            machine: machine - earlier.machine
        )
    }

    static func + (left: CPUReading, right: CPUReading) -> CPUReading {
        CPUReading(
            product: left.product + right.product,
            postgres: left.postgres + right.postgres,
            sink: left.sink + right.sink,
            benchmark: left.benchmark + right.benchmark,
            machine: left.machine + right.machine
        )
    }

    /// Reads now.
    ///
    /// - Parameters:
    ///   - product: processes of Lastcall; all of them must be running at both readings.
    ///   - postmaster: of the cluster.
    ///   - sink: the relying parties.
    /// - Returns: the reading.
    static func now(product: [pid_t], postmaster: pid_t?, sink: [pid_t]) -> CPUReading {
        var reading = CPUReading()
        reading.product = used(by: product)
        if let postmaster {
            // A backend that ends moves its time to what the postmaster has of children it waited for.
            reading.postgres =
                used(by: [postmaster] + ProcFile.children(of: postmaster))
                + ProcessCPU.microsecondsOfEndedChildren(of: postmaster)
        }
        reading.sink = used(by: sink)
        reading.benchmark = used(by: [getpid()])
        reading.machine = machineBusy()
        return reading
    }

    private static func used(by processes: [pid_t]) -> Double {
        processes.reduce(0) { $0 + (ProcessCPU.microseconds(of: $1) ?? 0) }
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests count in user.
    private static func machineBusy() -> Double {
        let line = ProcFile.text("/proc/stat").prefix { $0 != "\n" }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).map { Double($0) ?? 0 }
        guard ticks.count == 8 else { return 0 }
        let busy = ticks.reduce(0, +) - ticks[3] - ticks[4]
        return busy * 1e6 / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}
