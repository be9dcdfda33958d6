import Foundation
import LastcallTestKit
import PostgresClient
import Testing

/// Processes of `lastcall` against the test's database, and what a test asks of them.
struct Fleet: Sendable {
    static let operatorKey = "operator-key-for-the-tests-0123456789"
    static let iss = "https://op.example.com"

    let environment: [String: String]

    /// Settings for every process: loopback RPs of the test authority, ports of the system's choice, and a lease
    /// that leaves an attempt its 5 seconds.
    init(_ others: [String: String] = [:]) throws {
        let key = Data(repeating: 7, count: 32).base64EncodedString()
        var environment = [
            "LASTCALL_DATABASE_URL": try ScratchDatabase.current.connectionString,
            "LASTCALL_LISTEN": "127.0.0.1:0", "LASTCALL_ADMIN_LISTEN": "127.0.0.1:0",
            "LASTCALL_KEY_ENCRYPTION_KEY": key, "LASTCALL_OPERATOR_API_KEY": Self.operatorKey,
            "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true", "LASTCALL_CA_FILE": try TestAuthority.shared().caFile,
            "LASTCALL_LEASE_SECONDS": "8", "LASTCALL_SIGNER_THREADS": "1",
            "LASTCALL_POLL_INTERVAL_MILLISECONDS": "20",
        ]
        environment.merge(others) { $1 }
        self.environment = environment
    }

    /// Starts a process and waits until it answers health checks.
    func start(_ role: String, _ others: [String: String] = [:]) async throws -> Member {
        let process = try LastcallProcess([role], environment: environment.merging(others) { $1 })
        // Each process has this one; they begin to listen in no order.
        let admin = try await eventually("\(role) to be asked how it is") { try process.port(of: "admin") }
        guard role != "work" else { return Member(process: process, port: admin) }
        let port = try await eventually("\(role) to listen") { try process.port(of: "api") }
        return Member(process: process, port: port)
    }

    /// Runs a command, and returns what it prints.
    @discardableResult
    func command(_ arguments: String...) async throws -> String {
        let (end, output, errors) = try await LastcallProcess.run(arguments, environment: environment)
        #expect(end == .exit(0), "\(arguments): \(errors)")
        #expect(errors.isEmpty)
        return output
    }

    /// An issuer with a key, and clients at these addresses.
    func prepare(_ uris: [String: String], delivery: String = #"{"retry_waits_seconds": [0.01]}"#)
        async throws
    {
        try await command("issuers", "put", "op", "--issuer", Self.iss, "--json")
        try await command("keys", "generate", "op", "--alg", "ES256", "--json")
        for (client, uri) in uris {
            let metadata =
                #"{"backchannel_logout_uri": "\#(uri)", "id_token_signed_response_alg": "ES256", "delivery": \#(delivery)}"#
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
            try Data(metadata.utf8).write(to: URL(fileURLWithPath: file))
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await command("clients", "put", "op", client, "--metadata", file, "--json")
        }
    }

    /// Reports a logout from the command line; returns the event's id.
    func logout(_ client: String, sid: String = "s-1") async throws -> String {
        let event = try await command(
            "logout",
            "op",
            "--target",
            client,
            "--sub",
            "alice",
            "--sid",
            sid,
            "--json"
        )
        return try object(event).text("id")
    }

    /// The deliveries of an event, once all have ended.
    func end(of event: String, within bound: Duration = .seconds(60)) async throws -> [[String: Any]] {
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        let open = PostgresStatement(
            name: "open",
            text: "select open_count from lastcall.logout_events where event_id::text = $1",
            access: .readOnly
        )
        try await eventually("the end of event \(event)", within: bound) {
            try connection.query(open, .text(event)).first?.int4(0) == 0
        }
        var deliveries: [[String: Any]] = []
        for line in try await command("deliveries", "list", "op", "--event", event, "--json").split(
            separator: "\n"
        ) {
            let id = try object(String(line)).text("id")
            deliveries.append(try object(try await command("deliveries", "get", "op", id, "--json")))
        }
        return deliveries
    }

    /// Checks requests as the strictest RP would; returns what their tokens say.
    func verified(_ requests: [ReceivedRequest], aud: String) async throws -> [LogoutTokenVerifier.Claims] {
        let jwks = try await command("keys", "jwks", "op")
        let verifier = try LogoutTokenVerifier(jwks: Array(jwks.utf8), iss: Self.iss)
        return try requests.map { request in
            let token = try LogoutRequestVerifier.token(
                method: request.method,
                headers: request.headers.map { ($0.name, $0.value) },
                body: request.body
            )
            return try verifier.verify(token, aud: aud, now: Int64(Date().timeIntervalSince1970) + 1)
        }
    }

    static func relyingParty(standing: ScriptedStep = .ok) throws -> ScriptedRelyingParty {
        try ScriptedRelyingParty(authority: try TestAuthority.shared().authority, standing: standing)
    }

    /// One number from the test's database.
    func count(_ query: String) throws -> Int {
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        let statement = PostgresStatement(name: query, text: query, access: .readOnly)
        return Int(try #require(connection.query(statement).first).int8(0))
    }
}

/// One process of a fleet that listens.
struct Member: Sendable {
    let process: LastcallProcess
    let port: UInt16
}

extension LastcallProcess {
    /// The port of one of its servers, once it has logged it.
    func port(of server: String) throws -> UInt16? {
        for line in errors.split(separator: "\n") where line.contains("\"listening\"") {
            let entry = try object(String(line))
            guard entry["server"] as? String == server, let address = entry["address"] as? String else {
                continue
            }
            return address.split(separator: ":").last.flatMap { UInt16($0) }
        }
        return nil
    }
}

/// A JSON object from its text.
func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
}

extension [String: Any] {
    func text(_ name: String) throws -> String { try #require(self[name] as? String) }

    /// One member of each attempt of a delivery.
    func attempts(_ name: String) throws -> [String?] {
        try #require(self["attempts"] as? [[String: Any]]).map { $0[name] as? String }
    }
}
