import Foundation
import LastcallTestKit
import Testing

@Suite("The clients of docs/clients", .lastcallDatabase, .serialized)
struct ClientExampleTests {
    @Test("each reports a logout that reaches the RP, and once however often it is run")
    func logouts() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        let key = try object(
            try await fleet.command("api-keys", "create", "--issuer", "op", "--scope", "logout", "--json")
        ).text("key")
        let folder = try TemporaryFolder()
        let environment = [
            "LASTCALL_URL": "http://127.0.0.1:\(api.port)", "LASTCALL_API_KEY": key,
            "DATABASE": try #require(fleet.environment["LASTCALL_DATABASE_URL"]), "BUILD": folder.path,
            "CLIENTS": CommandTable.root.appendingPathComponent("docs/clients").path,
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        ]
        let scripts = [
            "sh": #""$CLIENTS/logout.sh" op sh; "$CLIENTS/logout.sh" op sh"#,
            "py": #"python3 "$CLIENTS/logout.py" op py; python3 "$CLIENTS/logout.py" op py"#,
            "swift":
                #"swiftc "$CLIENTS/logout.swift" -o "$BUILD/logout"; "$BUILD/logout" op swift; "$BUILD/logout" op swift"#,
            "sql":
                #"psql "$DATABASE" -v ON_ERROR_STOP=1 -v issuer=op -v session=sql -f "$CLIENTS/logout.sql""#,
        ]
        for (session, script) in scripts {
            try await fleet.command(
                "sessions",
                "record",
                "op",
                session,
                "rp",
                "--sub",
                "alice",
                "--sid",
                session
            )
            let process = try LastcallProcess(
                [],
                environment: environment,
                through: ["/bin/sh", "-ec", script, "sh"]
            )
            #expect(await process.end() == .exit(0), "\(session): \(process.errors)")
            if session != "sql" {
                #expect(
                    process.output.contains("completed") && process.output.contains("delivered"),
                    "\(process.output)"
                )
            }
        }
        let received = try await rp.next(scripts.count)
        let sids = try await fleet.verified(received, aud: "rp").compactMap { $0.sid }
        #expect(Set(sids) == Set(scripts.keys))
        let wrong = try LastcallProcess(
            [],
            environment: environment.merging(["LASTCALL_API_KEY": "wrong"]) { $1 },
            through: ["/bin/sh", "-ec", #"python3 "$CLIENTS/logout.py" op x"#, "sh"]
        )
        #expect(await wrong.end() == .exit(1))
        #expect(wrong.errors.hasPrefix("unauthorized: "), "\(wrong.errors)")
        for member in [api, worker] { #expect(await member.process.stop() == .exit(0)) }
        #expect(rp.received.count == scripts.count)
    }
}
