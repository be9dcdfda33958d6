import FoundationEssentials
import Glibc
import Telemetry
import Testing

@Suite("Process metrics")
struct ProcessReadingTests {
    private let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))

    private func value(_ name: String, of registry: PrometheusRegistry) -> Double? {
        samples(registry).first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test(
        "come from the right fields, whatever the program is called",
        arguments: ["lastcall", "a) R 1 (b", ""]
    )
    func fields(program: String) throws {
        let proc = FileManager.default.temporaryDirectory.path + "/lastcall-proc-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: proc) }
        try FileManager.default.createDirectory(atPath: proc + "/self/fd", withIntermediateDirectories: true)
        // Field n of the line has the value n * 100, but for the name and the state.
        let later = (4...52).map { String($0 * 100) }.joined(separator: " ")
        try write("42 (\(program)) S \(later)\n", to: proc + "/self/stat")
        try write("cpu  1 2 3\nbtime 1700000000\nprocesses 9\n", to: proc + "/stat")
        try write(
            "Limit                     Soft Limit           Hard Limit           Units     \n"
                + "Max processes             7                    8                    processes \n"
                + "Max open files            1024                 4096                 files     \n",
            to: proc + "/self/limits"
        )
        for descriptor in 0..<4 { try write("", to: proc + "/self/fd/\(descriptor)") }

        let registry = PrometheusRegistry()
        registry.observeProcess(procDirectory: proc)
        #expect(value("process_resident_memory_bytes", of: registry) == 2400 * pageSize)
        #expect(value("process_cpu_seconds_total", of: registry) == 2900 / ticks)
        #expect(value("process_start_time_seconds", of: registry) == 1_700_000_000 + 2200 / ticks)
        #expect(value("process_open_fds", of: registry) == 3, "the one that counts is not counted")
        #expect(value("process_max_fds", of: registry) == 1024)
        #expect(text(registry).contains("# TYPE process_cpu_seconds_total counter\n"))
    }

    @Test("are not numbers where there is nothing to read")
    func absent() {
        let registry = PrometheusRegistry()
        registry.observeProcess(procDirectory: "/nowhere")
        #expect(samples(registry).count == 5)
        #expect(samples(registry).allSatisfy { $0.hasSuffix(" NaN") })
    }

    @Test("of this process are what they can be")
    func live() throws {
        let registry = PrometheusRegistry()
        registry.observeProcess()
        let started = try #require(value("process_start_time_seconds", of: registry))
        #expect(abs(Date().timeIntervalSince1970 - started) < 86_400)
        #expect(try #require(value("process_resident_memory_bytes", of: registry)) > 1_000_000)
        #expect(try #require(value("process_cpu_seconds_total", of: registry)) > 0)
        #expect(try #require(value("process_open_fds", of: registry)) >= 3)
        #expect(try #require(value("process_max_fds", of: registry)) >= 3)
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
