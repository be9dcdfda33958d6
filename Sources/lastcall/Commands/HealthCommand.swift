import ArgumentParser
import Foundation
import Settings

/// `lastcall health`: whether the process beside this one should be given work; for the health checks of containers.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask the process on this machine whether it is ready.",
        discussion: """
            Asks /readyz at admin_listen, with the settings of that process, and prints the answer. Exit code 0 where it \
            is ready, 1 where it is not or nobody answers in time.
            """
    )
    @OptionGroup(title: "Settings") var flags: SettingFlags
    @Option(help: "How long it may take, in seconds.") var timeout = 3.0
    @Flag(help: "Print nothing.") var quiet = false

    func validate() throws {
        guard timeout > 0, timeout <= 60 else { throw ValidationError("--timeout is 0 to 60 seconds") }
    }

    func run() async throws {
        try await finishing {
            let settings = try loadSettings(flags)
            guard case .tcp(let host, let port) = settings.adminListen, port != 0 else {
                throw Failure("admin_listen names no port to ask", code: Failure.misconfigured)
            }
            let call = HealthCall(host: host, port: port, timeout: .seconds(timeout))
            guard let answer = await call.send() else {
                throw Failure("nobody answers at \(settings.adminListen)")
            }
            if !quiet { print(answer.body) }
            if answer.status != 200 { throw Failure.refused }
        }
    }
}
