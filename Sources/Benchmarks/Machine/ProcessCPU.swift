internal import Glibc

/// The CPU time of one process, all its threads, those that have ended among them.
///
/// The kernel's own clock of the process: the sum of what `/proc/PID/task/*/schedstat` says, without losing threads that
/// end between two looks.
enum ProcessCPU {
    /// Microseconds so far; `nil` for a process that is gone.
    static func microseconds(of process: pid_t) -> Double? {
        var clock = clockid_t()
        guard unsafe clock_getcpuclockid(process, &clock) == 0 else { return nil }
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    /// Microseconds of the children that a process has already waited for, in steps of a clock tick.
    static func microsecondsOfEndedChildren(of process: pid_t) -> Double {
        let fields = ProcFile.statFields(of: process)
        guard fields.count > 14, let user = Double(fields[13]), let system = Double(fields[14]) else {
            return 0
        }
        return (user + system) * 1e6 / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}
