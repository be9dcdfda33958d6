extension PrometheusRegistry {
    /// Adds what Linux knows of this process, by the names that all Prometheus clients use: resident memory, open
    /// descriptors and their limit, CPU time, start time. What cannot be read is rendered as not a number.
    ///
    /// - Parameter procDirectory: where `procfs` is mounted.
    public func observeProcess(procDirectory: String = "/proc") {
        let process = ProcessReading(directory: procDirectory)
        let start = process.startSeconds() ?? .nan  // it does not change
        observe("process_resident_memory_bytes", help: "Resident memory in bytes.") {
            process.residentBytes() ?? .nan
        }
        observe("process_open_fds", help: "Open file descriptors.") { process.openDescriptors() ?? .nan }
        observe("process_max_fds", help: "The most file descriptors that may be open.") {
            process.descriptorLimit() ?? .nan
        }
        observe(
            "process_cpu_seconds_total",
            help: "CPU time spent in user and system mode, in seconds.",
            kind: .counter
        ) { process.cpuSeconds() ?? .nan }
        observe("process_start_time_seconds", help: "When the process started, in seconds since 1970.") {
            start
        }
    }
}
