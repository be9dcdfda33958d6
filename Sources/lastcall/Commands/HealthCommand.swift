import APIClient
import ArgumentParser
import Foundation
import Settings

/// `lastcall health`: whether the process beside this one should be given work; for the health checks of containers.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask the process on this machine, or an API elsewhere, whether it is ready.",
        discussion: """
            Asks /readyz at admin_listen, with the settings of that process, or at --api, and prints the answer. Exit code \
            0 where it is ready, 1 where it is not or nobody answers in time.
            """
    )
    @OptionGroup(title: "Settings") var flags: SettingFlags
    @OptionGroup(title: "An API that runs elsewhere") var remote: RemoteOptions
    @Flag(help: "Only whether it is alive: asks /healthz.") var alive = false
    @Option(help: "How long it may take, in seconds.") var timeout = 3.0
    @Flag(help: "Print nothing.") var quiet = false
    @Flag(help: "Print errors as JSON too; the answer is JSON anyway.") var json = false

    func validate() throws {
        guard timeout > 0, timeout <= 60 else { throw ValidationError("--timeout is 0 to 60 seconds") }
    }

    func run() async throws {
        try await finishing(json: json) {
            let server = try server()
            let call = APICall(method: "GET", target: alive ? "/healthz" : "/readyz")
            guard let answer = await answer(of: server, to: call) else {
                throw Failure("nobody answers at \(server.url) in \(timeout) s")
            }
            if !quiet { print(String(decoding: answer.body, as: UTF8.self)) }
            if answer.status != 200 { throw Failure.refused }
        }
    }

    private func server() throws -> APIServer {
        if let server = try remote.filled(from: ProcessInfo.processInfo.environment).server() {
            return server
        }
        guard case .tcp(let host, let port) = try loadSettings(flags).adminListen, port != 0 else {
            throw Failure("admin_listen names no port to ask", code: Failure.misconfigured)
        }
        // Where a listener on every interface is reached.
        let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        let name = reachable.contains(":") ? "[\(reachable)]" : reachable
        var server = try APIServer(
            url: "http://\(name):\(port)",
            key: nil,
            userAgent: "lastcall-cli/\(Version.text)"
        )
        server.usesProxy = false
        return server
    }

    private func answer(of server: APIServer, to call: APICall) async -> APIAnswer? {
        await withTaskGroup { [timeout] group in
            group.addTask { try? await server.send(call) }
            group.addTask {
                try? await Task.sleep(for: .seconds(timeout))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// `lastcall openapi`: the API's description.
struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract:
            "Print the OpenAPI document of the API, or the page that it makes of it; no database is needed.",
        discussion: "What /openapi.json and /docs answer."
    )
    @OptionGroup var options: OperatorOptions
    @Flag(help: "The page for people, in HTML.") var html = false

    func run() async throws {
        try await options.withAPI { api in
            print(String(decoding: try await api.bytes([html ? "docs" : "openapi.json"]), as: UTF8.self))
        }
    }
}
