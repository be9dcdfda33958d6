import Foundation
import LastcallTestKit
import Testing

@Suite("A cluster without the tenants' role", .lastcallDatabase, .timeLimit(.minutes(30)))
struct RoleTests {
    private static let missing = "alter role lastcall_tenant rename to lost"
    private static let found = "alter role lost rename to lastcall_tenant"

    @Test("nothing starts, what runs says so with 503, and logouts are accepted all the same")
    func missing() async throws {
        let cluster = try ScratchCluster()
        try await cluster.execute("create role plain login; grant create on database postgres to plain")
        let url = cluster.connectionString(database: "postgres")
        let folder = FileManager.default.temporaryDirectory.appending(path: "role-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fleet = try Fleet(["LASTCALL_DATABASE_URL": url, "LASTCALL_DATA_DIR": folder])
        try await fleet.command("migrate")
        let api = try await fleet.start("serve")
        func call(_ line: String, _ body: String? = nil) async throws -> (status: Int, body: String) {
            let words = line.split(separator: " ").map(String.init)
            return try await LoopbackCall.send(
                words[0],
                words[1],
                port: api.port,
                key: Fleet.operatorKey,
                body: body
            )
        }
        #expect(try await call("PUT /v1/issuers/op", #"{"issuer": "\#(Fleet.iss)"}"#).status == 201)
        let reads = "GET /v1/issuers/op/clients"
        let writes = "PUT /v1/issuers/op/clients/rp"
        let client = #"{"backchannel_logout_uri": "https://rp.example/logout"}"#
        #expect(try await call(reads).status == 200)
        #expect(try await call("GET /readyz").body.contains(#""schema":"current""#))

        try await cluster.execute(Self.missing)
        for answer in [try await call(reads), try await call(writes, client)] {
            #expect(answer.status == 503)
            #expect(answer.body.contains(#""code":"unavailable""#) && answer.body.contains("lastcall_tenant"))
        }
        let ready = try await call("GET /readyz")
        #expect(ready.status == 503 && ready.body.contains(#""schema":"role_missing""#), "\(ready)")
        #expect(try await call("POST /v1/issuers/op/logout-events", #"{"targets": []}"#).status == 202)
        let statements = "create role lastcall_tenant nologin nobypassrls; grant lastcall_tenant to postgres;"
        try await refuses(fleet, ["serve", "work", "up"], "lacks the role lastcall_tenant", statements)

        try await cluster.execute(Self.found)
        #expect(try await call(reads).status == 200)
        #expect(try await call(writes, client).status == 201)
        #expect(try await call("GET /readyz").status == 200)

        // What the role lost in a restore, and a user who may not take it.
        try await cluster.execute("revoke usage on schema lastcall from lastcall_tenant")
        #expect(try await call(reads).status == 503)
        #expect(try await call("GET /readyz").body.contains(#""schema":"role_forbidden""#))
        try await refuses(fleet, ["serve"], "postgres may not act as lastcall_tenant", statements)
        #expect(await api.process.stop() == .exit(0))
        try await cluster.execute(
            """
            grant usage on schema lastcall to lastcall_tenant, plain;
            grant select on all tables in schema lastcall to plain
            """
        )
        let plain = try Fleet(["LASTCALL_DATABASE_URL": url.replacing("user=postgres", with: "user=plain")])
        try await refuses(
            plain,
            ["serve", "work"],
            "plain may not act as lastcall_tenant",
            "grant lastcall_tenant to plain;"
        )
    }

    private func refuses(_ fleet: Fleet, _ commands: [String], _ words: String...) async throws {
        for command in commands {
            let (end, _, errors) = try await LastcallProcess.run([command], environment: fleet.environment)
            #expect(end == .exit(78), "\(command): \(errors)")
            for text in words { #expect(errors.contains(text), "\(command): \(errors)") }
        }
    }
}
