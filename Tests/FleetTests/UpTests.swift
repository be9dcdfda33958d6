import Foundation
import LastcallTestKit
import Testing

@Suite("lastcall up", .serialized)
struct UpTests {
    /// A data folder of the test's own.
    private struct Folder {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("lastcall-up-\(UUID())").path
        }

        var environment: [String: String] {
            [
                "LASTCALL_DATA_DIR": path, "LASTCALL_LISTEN": "127.0.0.1:0",
                "LASTCALL_ADMIN_LISTEN": "127.0.0.1:0",
            ]
        }

        func remove() { try? FileManager.default.removeItem(atPath: path) }

        /// Processes that name the folder in their arguments.
        var processes: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { id in
                    guard Int(id) != nil,
                        let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline")
                    else {
                        return false
                    }
                    return String(decoding: line, as: UTF8.self).contains(path)
                }
            }
        }
    }

    private func start(_ folder: Folder) async throws -> (process: LastcallProcess, port: UInt16) {
        let process = try LastcallProcess(["up"], environment: folder.environment)
        let port = try await eventually("up to listen", within: .seconds(60)) { try process.port(of: "api") }
        return (process, port)
    }

    @Test("the first start makes a key and shows it once; what was stored outlives stops and crashes")
    func keepsEverything() async throws {
        let folder = try Folder()
        defer { folder.remove() }
        let first = try await start(folder)
        let path = folder.path + "/operator-api-key"
        let key = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
        #expect(first.process.output.components(separatedBy: key).count == 2)
        #expect(!first.process.errors.contains(key))
        for file in [path, folder.path + "/key-encryption-key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        let issuer = #"{"issuer": "https://op.example.com"}"#
        let made = try await LoopbackCall.send(
            "PUT",
            "/v1/issuers/op",
            port: first.port,
            key: key,
            body: issuer
        )
        #expect(made.status == 201)
        let signing = try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/signing-keys",
            port: first.port,
            key: key,
            body: #"{"alg": "ES256"}"#
        )
        #expect(signing.status == 201)

        let second = try await LastcallProcess.run(["up"], environment: folder.environment)
        #expect(second.end == .exit(69))
        #expect(second.output.isEmpty)
        let lines = second.errors.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("lastcall: ") == true)
        #expect(lines.first?.contains("\(first.process.id)") == true)

        #expect(await first.process.stop() == .exit(0))
        #expect(try folder.processes.isEmpty)

        let third = try await start(folder)
        #expect(!third.process.output.contains(key))
        let kept = try await LoopbackCall.send("GET", "/v1/issuers/op", port: third.port, key: key)
        #expect(kept.status == 200)
        #expect(await third.process.crash() == .signal(9))
        try await eventually("the end of Postgres") { try folder.processes.isEmpty }

        let fourth = try await start(folder)
        let keys = try await LoopbackCall.send("GET", "/issuers/op/jwks.json", port: fourth.port)
        #expect(keys.status == 200)
        #expect(keys.body.contains(#""alg":"ES256""#))
        #expect(await fourth.process.stop() == .exit(0))
        #expect(try folder.processes.isEmpty)
    }

    @Test(
        "wrong settings stop the start with one line and code 78",
        arguments: [
            ("up", ["LASTCALL_LEASE_SECONDS": "7.9"]), ("up", ["LASTCALL_LISTEN": "nowhere"]),
            ("up", ["LASTCALL_LISTEN": "127.0.0.1:7001", "LASTCALL_ADMIN_LISTEN": "0.0.0.0:7001"]),
            ("up", ["LASTCALL_KEY_ENCRYPTION_KEY": "c2hvcnQ="]),
            ("up", ["LASTCALL_OPERATOR_API_KEY": "short"]),
            ("up", ["LASTCALL_LEESE_SECONDS": "10"]), ("up", ["LASTCALL_CONFIG": "/nowhere/lastcall.toml"]),
            ("up", ["LASTCALL_EGRESS_PROXY": "socks5://proxy:3128"]), ("serve", [:]), ("work", [:]),
            ("work", ["LASTCALL_DATABASE_URL": "host=/nowhere"]),
            ("up", ["LASTCALL_DATA_DIR": "/proc/lastcall"]),
        ] as [(String, [String: String])]
    )
    func wrongSettings(command: String, settings: [String: String]) async throws {
        let folder = try Folder()
        defer { folder.remove() }
        let run = try await LastcallProcess.run(
            [command],
            environment: folder.environment.merging(settings) { $1 }
        )
        #expect(run.end == .exit(78))
        #expect(run.output.isEmpty)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(run.errors.hasPrefix("lastcall: "))
        for secret in ["c2hvcnQ=", "short"] where settings.values.contains(secret) {
            #expect(!run.errors.contains(secret))
        }
    }

    @Test(
        "wrong usage is code 64",
        arguments: [["fly"], ["up", "--fly"], ["logout", "op"], ["api-keys", "create"]]
    )
    func wrongUsage(arguments: [String]) async throws {
        let run = try await LastcallProcess.run(arguments)
        #expect(run.end == .exit(64))
        #expect(run.output.isEmpty)
    }

    @Test("a database that is away is code 69, and one line that quotes no password")
    func databaseAway() async throws {
        let environment = ["LASTCALL_DATABASE_URL": "host=127.0.0.1 port=9 user=op password=hunter2-secret"]
        for command in [["migrate"], ["issuers", "list"]] {
            let run = try await LastcallProcess.run(command, environment: environment)
            #expect(run.end == .exit(69))
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            #expect(!run.errors.contains("hunter2"))
        }
    }
}
