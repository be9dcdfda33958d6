import Foundation
import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("The contract of the command line", .lastcallDatabase, .serialized)
struct CommandContractTests {
    /// They log, and print nothing.
    private static let processes = [["up"], ["serve"], ["work"]]

    private func table(_ fleet: Fleet) async throws -> (CommandTable, JSON) {
        let text = try await fleet.command("openapi", "--json")
        let document = try JSON.parse(Array(text.utf8), maximumBytes: .max, maximumValues: .max)
        return (try CommandTable(openAPI: document), document)
    }

    @Test("every command is documented, takes --json, and every route of the API can be had from one")
    func documented() async throws {
        let fleet = try Fleet()
        let (table, document) = try await table(fleet)
        let tool = try ToolCommand.all(in: try await fleet.command("--experimental-dump-help"))
        #expect(tool.count > 50)
        let documented = Set(table.rows.map(\.command))
        #expect(documented.count == table.rows.count)
        #expect(documented == Set(tool.map(\.name)).subtracting(Self.processes))
        for command in tool where !Self.processes.contains(command.name) {
            #expect(command.options.contains("json"), "\(command.name)")
        }
        let routes = (document["paths"]?.members ?? []).flatMap { path in
            path.value.members.map { "\($0.name.uppercased()) \(path.name)" }
        }
        #expect(Set(table.rows.flatMap(\.routes)) == Set(routes))
        for row in table.rows {
            for name in [row.schema, row.otherSchema].compactMap({ $0 }) {
                #expect(
                    table.validator.value(at: "/components/schemas/\(name)") != nil,
                    "\(row.command) \(name)"
                )
            }
        }
    }

    @Test("what each command prints with --json is what its schema says, on the database and over HTTP")
    func outputs() async throws {
        let fleet = try Fleet()
        let story = CommandStory(fleet: fleet, table: try await table(fleet).0)
        try await story.run()
        let silent = [["openapi"], ["bench"]] + Self.processes
        let told = Set(story.table.rows.map(\.command)).subtracting(silent)
        #expect(told.subtracting(story.told).isEmpty, "\(told.subtracting(story.told))")
    }

    @Test("errors are one line for people, an object for programs, and an exit code for both")
    func errors() async throws {
        let fleet = try Fleet()
        let (table, _) = try await table(fleet)
        try await fleet.prepare([:])
        let api = try await fleet.start("serve")
        let closed = try ClosedPort()
        func ended(_ arguments: [String], _ others: [String: String] = [:]) async throws -> (
            end: LastcallProcess.End, output: String, errors: String
        ) {
            try await LastcallProcess.run(arguments, environment: fleet.environment.merging(others) { $1 })
        }
        let remote = [
            "LASTCALL_API_URL": "http://127.0.0.1:\(api.port)", "LASTCALL_API_KEY": Fleet.operatorKey,
        ]
        let get = ["clients", "get", "op", "nobody"]
        for others in [[:], remote] {
            let line = try await ended(get, others)
            #expect(line.end == .exit(1) && line.output.isEmpty)
            #expect(
                line.errors == "lastcall: not_found: There is nothing here.\n"
                    || line.errors.hasPrefix("lastcall: not_found: ")
            )
            let told = try await ended(get + ["--json"], others)
            #expect(told.end == .exit(1) && told.output.isEmpty)
            #expect(table.faults(of: told.errors, against: "Problem").isEmpty, "\(told.errors)")
            let empty = try await ended(["logout", "op", "--sub", "a", "--idempotency-key", ""], others)
            #expect(
                empty.end == .exit(1) && empty.errors.hasPrefix("lastcall: invalid_request: "),
                "\(empty)"
            )
        }
        let cases: [([String], [String: String], Int32, String)] = [
            (get, remote.merging(["LASTCALL_API_KEY": "wrong"]) { $1 }, 1, "unauthorized"),
            (
                get, remote.merging(["LASTCALL_API_URL": "http://127.0.0.1:\(closed.port)"]) { $1 }, 69,
                "unavailable"
            ),
            (get, ["LASTCALL_API_URL": "lastcall"], 78, "misconfigured"),
            (get, ["LASTCALL_DATABASE_URL": "host=127.0.0.1 port=\(closed.port) user=x"], 69, "unavailable"),
            (get, ["LASTCALL_SLOTS": "x"], 78, "misconfigured"),
            (["doctor", "--api", "http://127.0.0.1"], [:], 64, "usage"),
            (["clients", "put", "op", "rp", "--metadata", "/nowhere"], [:], 1, "failed"),
        ]
        for (arguments, others, code, word) in cases {
            let told = try await ended(arguments + ["--json"], others)
            #expect(told.end == .exit(code) && told.output.isEmpty, "\(arguments) \(others): \(told)")
            let lines = told.errors.split(separator: "\n").map(String.init)
            #expect(
                lines.count == 1 && table.faults(of: lines.first ?? "", against: "CommandProblem").isEmpty
            )
            #expect(try object(told.errors).text("code") == word)
            #expect(try await ended(arguments, others).errors.split(separator: "\n").count == 1)
        }
        #expect(try await ended(["clients", "get", "op"]).end == .exit(64))
        #expect(await api.process.stop() == .exit(0))
    }

    @Test("a process that serves is not told wrong by variables that are the commands'")
    func variables() async throws {
        let fleet = try Fleet(["LASTCALL_API_URL": "http://127.0.0.1:1", "LASTCALL_API_KEY": "k"])
        let api = try await fleet.start("serve")
        #expect(await api.process.stop() == .exit(0))
    }
}
