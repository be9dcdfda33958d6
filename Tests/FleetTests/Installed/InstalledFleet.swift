import Foundation
import LastcallTestKit
import Testing

/// What every way to install Lastcall is tried with: a Postgres as `deploy/` prescribes it, secrets, an RP, one logout.
struct InstalledFleet {
    static let operatorKey = "operator-key-of-an-installation-0123456789"
    static let iss = "https://op.example.com"

    /// The package's folder, from where this file is.
    static let source = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }

    let folder: TemporaryFolder
    let relyingParty: ScriptedRelyingParty
    private let cluster: ScratchCluster

    /// The Postgres knows a user who may make no roles, and the statements of the CloudNativePG example for that.
    init() async throws {
        folder = try TemporaryFolder()
        relyingParty = try Fleet.relyingParty()
        cluster = try ScratchCluster()
        try await cluster.execute("create role lastcall login nosuperuser nocreaterole")
        try await cluster.execute("create database lastcall owner lastcall")
        let statements = try Self.text("deploy/examples/cloudnativepg.yaml").split(separator: "\n")
            .drop { !$0.hasSuffix("postInitApplicationSQL:") }.dropFirst().prefix { $0.contains("   - ") }
            .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " -")) }
        #expect(statements.count == 3)
        for statement in statements { try await cluster.execute(statement) }
    }

    /// The socket of the Postgres.
    var socket: String { cluster.directory + "/.s.PGSQL.5432" }

    /// The Postgres, where its socket is seen in this folder.
    func databaseURL(socketFolder: String) -> String {
        "postgresql:///lastcall?user=lastcall&host=\(socketFolder)"
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: source + "/" + path, encoding: .utf8)
    }

    /// Writes files into a folder below ``folder``, for everybody to read; returns its path.
    func files(_ name: String, _ contents: [String: String]) throws -> String {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, text) in contents { try folder.write(text, to: "\(name)/\(file)", mode: 0o644) }
        return path
    }

    func secrets(socketFolder: String) -> [String: String] {
        [
            "database_url": databaseURL(socketFolder: socketFolder) + "\n",
            "key_encryption_key": Data(repeating: 5, count: 32).base64EncodedString() + "\n",
            "operator_api_key": Self.operatorKey + "\n",
        ]
    }

    static func authorities() throws -> String {
        try String(contentsOfFile: TestAuthority.shared().caFile, encoding: .utf8)
    }

    /// Makes what `scripts/package` makes of the built program; returns the path of what it names last.
    func package(_ kind: String) async throws -> String {
        let (end, output, errors) = try await LastcallProcess.run(
            [
                "--quick", "--binary", LastcallProcess.executable(), "--output", folder.path + "/packages",
                kind,
            ],
            environment: ["PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            program: [Self.source + "/scripts/package"]
        )
        try #require(end == .exit(0), "\(errors)")
        return try #require(output.split(separator: "\n").last.map(String.init))
    }

    /// Waits until one of a process's servers listens; a process that ends instead is not waited for.
    func port(of server: String, _ process: LastcallProcess) async throws -> UInt16 {
        try await eventually("the server \(server) to listen") {
            try #require(kill(process.id, 0) == 0, "\(process.errors)")
            return try process.port(of: server)
        }
    }

    /// Plays one logout through the API, from the issuer's registration to the token at the RP.
    func deliversOneLogout(port: UInt16, tls: TLSClient? = nil) async throws {
        func call(_ line: String, _ body: String? = nil, expecting status: Int) async throws -> String {
            var request = "\(line) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            request += "Authorization: Bearer \(Self.operatorKey)\r\n"
            if let body {
                request += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            }
            let answer = await RawConnection.exchange(request + "\r\n" + (body ?? ""), port: port, tls: tls)
            try #require(answer.statuses == [status], "\(line): \(answer.text)")
            return answer.text.components(separatedBy: "\r\n\r\n").last ?? ""
        }
        _ = try await call("PUT /v1/issuers/op", #"{"issuer": "\#(Self.iss)"}"#, expecting: 201)
        _ = try await call("POST /v1/issuers/op/signing-keys", #"{"alg": "ES256"}"#, expecting: 201)
        let metadata =
            #"{"backchannel_logout_uri": "\#(relyingParty.uri())", "id_token_signed_response_alg": "ES256"}"#
        _ = try await call("PUT /v1/issuers/op/clients/shop", metadata, expecting: 201)
        let targets = #"{"targets": [{"client_id": "shop", "sub": "alice", "sid": "s-1"}]}"#
        let event = try object(
            try await call("POST /v1/issuers/op/logout-events", targets, expecting: 202)
        ).text("id")
        let ended = try await call("GET /v1/issuers/op/logout-events/\(event)?wait=30", expecting: 200)
        #expect(try object(ended).text("status") == "completed", "\(ended)")
        let jwks = try await call("GET /issuers/op/jwks.json", expecting: 200)
        let verifier = try LogoutTokenVerifier(jwks: Array(jwks.utf8), iss: Self.iss)
        let request = try #require(relyingParty.received.first)
        let token = try LogoutRequestVerifier.token(
            method: request.method,
            headers: request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        let claims = try verifier.verify(token, aud: "shop", now: Int64(Date().timeIntervalSince1970) + 1)
        #expect(claims.sid == "s-1" && relyingParty.received.count == 1)
    }
}
