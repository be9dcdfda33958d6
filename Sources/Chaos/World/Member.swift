internal import Benchmarks
internal import LastcallTestKit
internal import Synchronization

/// One place in a fleet: the process that is there now, and those that were there before.
package final class Member: Sendable {
    /// What its processes do.
    package enum Role: String, Sendable, Hashable {
        /// `lastcall serve`.
        case api = "serve"
        /// `lastcall work`.
        case worker = "work"
    }

    /// A process that was here.
    package struct Life: Sendable, Hashable {
        /// Its id; names of workers end with it.
        package let pid: Int32
        /// When it was started, in nanoseconds of `CLOCK_MONOTONIC`.
        package let startedAt: UInt64
        /// When it was killed or told to stop; `nil` while it runs.
        package var endedAt: UInt64?
        /// When it was stopped with SIGSTOP; `nil` where it was not.
        package var frozenAt: UInt64?
        /// Whether it was killed.
        package var wasKilled = false
    }

    private struct State {
        var process: LastcallProcess?
        var port: UInt16 = 0
        var adminPort: UInt16 = 0
        var lives: [Life] = []
    }

    /// What its processes do.
    package let role: Role
    /// Which of its role, from 0.
    package let index: Int
    private let environment: [String: String]
    private let state = Mutex(State())

    /// Describes a member; starts nothing.
    ///
    /// - Parameters:
    ///   - role: what its processes do.
    ///   - index: which of its role.
    ///   - environment: their settings.
    package init(_ role: Role, _ index: Int, environment: [String: String]) {
        (self.role, self.index, self.environment) = (role, index, environment)
    }

    /// `api 0`, `worker 3`.
    package var label: String { "\(role == .api ? "api" : "worker") \(index)" }
    /// The process that is here; 0 before the first.
    package var pid: Int32 { state.withLock { $0.process?.id ?? 0 } }
    /// Whether it runs; a stopped (SIGSTOP) one does.
    package var isRunning: Bool { state.withLock { $0.process?.isRunning ?? false } }
    /// Of the API on 127.0.0.1; another one after each start.
    package var port: UInt16 { state.withLock { $0.port } }
    /// Of health and metrics on 127.0.0.1; another one after each start.
    package var adminPort: UInt16 { state.withLock { $0.adminPort } }
    /// Every process that was here, in order.
    package var lives: [Life] { state.withLock { $0.lives } }
    /// What the process that is here has logged, a line each.
    package var lines: [String] {
        let process = state.withLock { $0.process }
        return (process?.errors ?? "").split(separator: "\n").map(String.init)
    }

    private var output: String { state.withLock { $0.process }?.output ?? "" }

    /// Starts a process and waits until it is ready.
    ///
    /// - Parameters:
    ///   - through: a program and its arguments that become `lastcall` by exec, such as `/usr/bin/prlimit`.
    ///   - settings: beyond those of the member.
    /// - Throws: where it ends or is not ready within a minute.
    package func start(through: [String] = [], settings: [String: String] = [:]) async throws {
        try launch(through: through, settings: settings)
        try await waitUntilReady()
    }

    /// Starts a process and waits for nothing.
    ///
    /// - Parameters:
    ///   - through: as of ``start(through:settings:)``.
    ///   - settings: beyond those of the member.
    /// - Throws: where one runs here already, or it cannot be started.
    package func launch(through: [String] = [], settings: [String: String] = [:]) throws {
        guard !isRunning else { throw ChaosError("\(label) runs already") }
        let process = try LastcallProcess(
            [role.rawValue],
            environment: environment.merging(settings) { $1 },
            through: through
        )
        state.withLock { state in
            state.process = process
            (state.port, state.adminPort) = (
                port(in: settings["LASTCALL_LISTEN"]), port(in: settings["LASTCALL_ADMIN_LISTEN"])
            )
            state.lives.append(Life(pid: process.id, startedAt: Moment.now))
        }
    }

    /// Waits until the process answers that it is ready.
    ///
    /// - Parameter patience: how long.
    /// - Throws: where it ends, or that is over.
    package func waitUntilReady(within patience: Duration = .seconds(60)) async throws {
        let deadline = ContinuousClock.now + patience
        while true {
            guard isRunning else {
                throw ChaosError("\(label) has ended: \(lines.suffix(3)) \(output.suffix(200))")
            }
            findPorts()
            // The operator's port may be there before the API's.
            if knowsPorts, (try? HTTPCall.send("GET", "/readyz", port: adminPort).status) == 200 {
                return
            }
            guard ContinuousClock.now < deadline else {
                throw ChaosError("\(label) is not ready: \(lines.suffix(3))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends the process as a crash would, and waits for that.
    package func kill() async {
        guard let process = ending(byKill: true) else { return }
        _ = await process.crash()
    }

    /// Asks the process to stop, as an operator does, and waits for that.
    ///
    /// - Returns: whether it ended with exit status 0.
    @discardableResult
    package func stop() async -> Bool {
        guard let process = ending(byKill: false) else { return false }
        return await process.stop() == .exit(0)
    }

    /// Notes that something else, such as the kernel, has ended the process, and waits for that.
    package func wasEnded() async {
        guard let process = ending(byKill: true) else { return }
        _ = await process.end()
    }

    /// Sends a signal to the process, unless it has ended.
    ///
    /// - Parameter number: of the signal.
    package func signal(_ number: Int32) { state.withLock { $0.process }?.send(number) }

    /// Asks the process to stop, waits for that, and starts another.
    ///
    /// - Throws: as ``start(through:settings:)``.
    package func restart() async throws {
        await stop()
        try await start()
    }

    /// Whether the process has ended though nobody asked for it.
    package var endedByItself: Bool {
        state.withLock { state in
            state.process?.isRunning == false && state.lives.last?.endedAt == nil
        }
    }

    /// Notes that the process was stopped with SIGSTOP, so that its leases are taken over from now on.
    package func wasFrozen() {
        state.withLock { state in
            guard let last = state.lives.indices.last else { return }
            state.lives[last].frozenAt = Moment.now
        }
    }

    private func port(in address: String?) -> UInt16 {
        address?.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }

    private func ending(byKill: Bool) -> LastcallProcess? {
        state.withLock { state in
            guard let last = state.lives.indices.last, state.lives[last].endedAt == nil else { return nil }
            state.lives[last].endedAt = Moment.now
            state.lives[last].wasKilled = byKill
            return state.process
        }
    }

    private var knowsPorts: Bool { adminPort != 0 && (role == .worker || port != 0) }

    /// The system chose the ports; the log says which.
    private func findPorts() {
        guard !knowsPorts else { return }
        for line in lines where line.contains("\"listening\"") {
            guard let address = LogLine.member("address", of: line),
                let number = address.split(separator: ":").last.flatMap({ UInt16($0) })
            else { continue }
            let isAdmin = LogLine.member("server", of: line) == "admin"
            state.withLock { state in
                if isAdmin { state.adminPort = number } else { state.port = number }
            }
        }
    }
}
