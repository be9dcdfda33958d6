import Foundation
import LastcallTestKit
import PostgresClient
import StrictJSON
import Testing

/// A process that serves the console on the test's database, with an issuer whose RPs answer as they like.
final class ConsoleWorld: Sendable {
    static let operatorKey = "operator-key-for-the-tests-0123456789"

    let process: LastcallProcess
    let port: UInt16
    let environment: [String: String]
    private let folder: TemporaryFolder

    /// Starts a process; `others`: more settings; `role`: `up` where it is to deliver too.
    init(_ others: [String: String] = [:], role: String = "serve") async throws {
        folder = try TemporaryFolder()
        var environment = [
            "LASTCALL_DATA_DIR": folder.path + "/data",
            "LASTCALL_DATABASE_URL": try ScratchDatabase.current.connectionString,
            "LASTCALL_LISTEN": "127.0.0.1:0", "LASTCALL_ADMIN_LISTEN": "127.0.0.1:0",
            "LASTCALL_KEY_ENCRYPTION_KEY": Data(repeating: 7, count: 32).base64EncodedString(),
            "LASTCALL_OPERATOR_API_KEY": Self.operatorKey, "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true",
            "LASTCALL_CA_FILE": try TestAuthority.shared().caFile, "LASTCALL_LEASE_SECONDS": "8",
            "LASTCALL_SIGNER_THREADS": "1", "LASTCALL_POLL_INTERVAL_MILLISECONDS": "20",
        ]
        environment.merge(others) { $1 }
        self.environment = environment
        let started = try LastcallProcess([role], environment: environment)
        process = started
        port = try await eventually("the console to listen") { try Self.port(of: started) }
    }

    deinit { process.send(SIGTERM) }

    /// The API's port, once the process has logged it.
    private static func port(of process: LastcallProcess) throws -> UInt16? {
        for line in process.errors.split(separator: "\n") where line.contains("\"listening\"") {
            guard case .object(let entry) = try JSON.parse(Array(line.utf8)),
                entry["server"] == .string("api"),
                case .string(let address)? = entry["address"]
            else { continue }
            return address.split(separator: ":").last.flatMap { UInt16($0) }
        }
        return nil
    }

    /// Calls the API.
    @discardableResult
    func api(_ method: String, _ path: String, _ body: String? = nil, key: String = operatorKey) async throws
        -> JSON
    {
        let answer = try await LoopbackCall.send(method, path, port: port, key: key, body: body)
        try #require(
            (200..<300).contains(answer.status),
            "\(method) \(path): \(answer.status) \(answer.body)"
        )
        return answer.body.isEmpty ? .null : try JSON.parse(Array(answer.body.utf8))
    }

    /// An issuer with a key and clients at these addresses.
    func prepare(_ issuer: String = "op", clients: [String: String] = ["rp": "https://127.0.0.1:9/bcl"])
        async throws
    {
        try await api("PUT", "/v1/issuers/\(issuer)", #"{"issuer": "https://\#(issuer).example.com"}"#)
        try await api("POST", "/v1/issuers/\(issuer)/signing-keys", #"{"alg": "ES256"}"#)
        for (client, uri) in clients.sorted(by: { $0.key < $1.key }) {
            let metadata =
                #"{"backchannel_logout_uri": "\#(uri)", "id_token_signed_response_alg": "ES256", "client_name": "\#(client)'s shop"}"#
            try await api("PUT", "/v1/issuers/\(issuer)/clients/\(client)", metadata)
        }
    }

    /// Reports a logout under an Idempotency-Key.
    func logout(_ targets: String, issuer: String = "op", under key: String) async throws {
        let headers = [
            ("Authorization", "Bearer \(Self.operatorKey)"), ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ]
        let path = "/v1/issuers/\(issuer)/logout-events"
        let sent = try await PageCall.send(
            "POST",
            path,
            port: port,
            headers: headers,
            body: #"{"targets": [\#(targets)]}"#
        )
        #expect(sent.status == 202)
    }

    /// Reports a logout; returns the event.
    @discardableResult
    func logout(_ targets: String, issuer: String = "op", waiting: Bool = false) async throws -> JSON {
        let event = try await api(
            "POST",
            "/v1/issuers/\(issuer)/logout-events",
            #"{"targets": [\#(targets)]}"#
        )
        guard waiting, let id = event["id"]?.string else { return event }
        return try await api("GET", "/v1/issuers/\(issuer)/logout-events/\(id)?wait=10")
    }

    /// A new API key, and its id; of an issuer, or an operator's.
    func key(_ scopes: String, issuer: String? = "op", name: String = "ops") async throws -> (
        key: String, id: String
    ) {
        let members =
            issuer.map { #"{"name": "\#(name)", "issuer": "\#($0)", "scopes": [\#(scopes)]}"# }
            ?? #"{"name": "\#(name)"}"#
        let made = try await api("POST", "/v1/api-keys", members)
        return (try #require(made["key"]?.string), try #require(made["id"]?.string))
    }

    /// One number from the test's database.
    func count(_ query: String) throws -> Int {
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        let statement = PostgresStatement(name: query, text: query, access: .readOnly)
        return Int(try #require(connection.query(statement).first).int8(0))
    }

    /// Changes the test's database, as nobody but the clock would.
    func change(_ text: String) throws {
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        _ = try connection.query(PostgresStatement(name: text, text: text, access: .readWrite))
    }
}
