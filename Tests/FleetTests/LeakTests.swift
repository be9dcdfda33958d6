import Foundation
import LastcallTestKit
import Testing

/// A story with every secret that Lastcall knows, then a look at everything that it has written.
@Suite("Nothing leaks", .lastcallDatabase, .serialized)
struct LeakTests {
    @Test("no secret is in any log, table, metric, answer or command line")
    func story() async throws {
        let story = try await LeakStory()
        let fleet = story.fleet
        let rp = try Fleet.relyingParty()
        rp.always(.decide(Self.answer))
        try await fleet.command("migrate")
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        var written = ""
        var key = LeakStory.operatorKey
        func call(_ line: String, _ body: String? = nil, status: Int, key other: String? = nil) async throws
            -> String
        {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let answer = try await LoopbackCall.send(
                words[0],
                words[1],
                port: api.port,
                key: other ?? key,
                body: body
            )
            #expect(answer.status == status, "\(line): \(answer.body)")
            return answer.body
        }

        // Everything that has a secret, in its right place.
        let webhook =
            #"{"url": "\#(rp.uri("/hook?token=uri-query-secret"))", "secret": "\#(LeakStory.webhookSecret)"}"#
        written += try await call(
            "PUT /v1/issuers/op",
            #"{"issuer": "\#(Fleet.iss)", "completion_webhook": \#(webhook), "delivery": {"retry_waits_seconds": [0.01], "max_attempts": 2}}"#,
            status: 201
        )
        written += try await call(
            "POST /v1/issuers/op/signing-keys",
            #"{"jwk": \#(LeakStory.jwk)}"#,
            status: 201
        )
        written += try await call(
            "POST /v1/issuers/op/signing-keys",
            #"{"pem": "\#(LeakStory.pem)", "alg": "EdDSA"}"#,
            status: 201
        )
        let next = try object(
            try await call("POST /v1/issuers/op/signing-keys", #"{"alg": "ES256"}"#, status: 201)
        )
        written += try await call(
            "POST /v1/issuers/op/signing-keys/\(try next.text("kid"))/activate",
            #"{"force": true}"#,
            status: 200
        )
        let made = try object(
            try await call(
                "POST /v1/api-keys",
                #"{"name": "op", "issuer": "op", "scopes": ["logout", "read", "operate", "clients"]}"#,
                status: 201
            )
        )
        let issued = try made.text("key")
        for (client, alg) in [("echo", "ES256"), ("plain", "EdDSA"), ("down", "ES256")] {
            written += try await call(
                "PUT /v1/issuers/op/clients/\(client)",
                #"{"backchannel_logout_uri": "\#(rp.uri("/\(client)"))", "id_token_signed_response_alg": "\#(alg)"}"#,
                status: 201
            )
        }
        let receiver =
            #"{"method": "urn:ietf:rfc:8935", "endpoint_url": "\#(rp.uri("/receiver"))", "authorization_header": "Bearer \#(LeakStory.receiverCredential)"}"#
        written += try await call(
            "PUT /v1/issuers/op/clients/receiver",
            #"{"shared_signals": \#(receiver), "id_token_signed_response_alg": "ES256"}"#,
            status: 201
        )

        // The same secrets in wrong places.
        for secret in [LeakStory.operatorKey, issued] {
            for line in ["GET /v1/issuers?key=\(secret)", "GET /v1/issuers/op/clients?\(secret)=1"] {
                written += try await call(line, status: 400)
            }
            written += try await call("GET /v1/issuers/op", status: 401, key: "\(secret)x")
            written += try await call(
                "GET /v1/issuers/op",
                status: 401,
                key: "\(secret)\r\nAuthorization: Bearer \(secret)"
            )
            written += try await call(
                "POST /v1/api-keys",
                #"{"name": "n", "\#(secret)": 1}"#,
                status: 400,
                key: LeakStory.operatorKey
            )
            written += try await call("GET /\(secret)", status: 404)
        }
        for body in [
            #"{"jwk": \#(LeakStory.jwk.replacing("P-256", with: "P-384"))}"#,
            #"{"alg": "\#(LeakStory.privateScalar)"}"#, #"{"pem": "\#(LeakStory.pem)", "alg": "RS256"}"#,
            #"{"jwk": {"kty": "\#(LeakStory.privateScalar)", "alg": "ES256"}}"#,
            #"{"\#(LeakStory.pem)": 1}"#, LeakStory.pem,
        ] {
            written += try await call("POST /v1/issuers/op/signing-keys", body, status: 400)
        }
        written += try await call(
            "PUT /v1/issuers/op",
            #"{"issuer": "\#(Fleet.iss)", "completion_webhook": {"url": "https://a.example/", "secret": "\#(LeakStory.webhookSecret)x"}}"#,
            status: 400
        )

        // Logouts to RPs that echo what they get, and one that is down.
        key = issued
        let targets = ["echo", "plain", "down", "receiver"].map {
            #"{"client_id": "\#($0)", "sub": "\#(LeakStory.sub)", "sid": "\#(LeakStory.sid)"}"#
        }
        let event = try object(
            try await call(
                "POST /v1/issuers/op/logout-events",
                #"{"targets": [\#(targets.joined(separator: ","))]}"#,
                status: 202
            )
        )
        let path = "/v1/issuers/op/logout-events/\(try event.text("id"))"
        try await eventually("the end of the event and its webhook") {
            let now = try await LoopbackCall.send("GET", path, port: api.port, key: issued).body
            return rp.received.contains { $0.target.hasPrefix("/hook") }
                && !now.contains(#""status":"in_progress""#)
        }
        written += try await call("POST /v1/issuers/op/clients/echo/probe", "{}", status: 200)
        let deliveries = try await call("GET /v1/issuers/op/deliveries", status: 200)
        #expect(deliveries.contains(#""status":"failed""#))
        written += deliveries
        for line in [
            "\(path)", "/v1/issuers/op/audit-events", "/v1/issuers/op", "/v1/issuers/op/clients",
            "/openapi.json", "/docs",
            "/v1/issuers/op/signing-keys", "/issuers/op/jwks.json", "/readyz",
        ] {
            let answer = try await LoopbackCall.send("GET", line, port: api.port, key: LeakStory.operatorKey)
            #expect(answer.status == 200, "\(line)")
            written += answer.body
        }
        for delivery in try #require(try object(deliveries)["items"] as? [[String: Any]]) {
            written += try await call("GET /v1/issuers/op/deliveries/\(try delivery.text("id"))", status: 200)
        }
        for port in [worker.port, try #require(try api.process.port(of: "admin"))] {
            written += try await LoopbackCall.send("GET", "/metrics", port: port).body
        }
        for process in [api.process, worker.process] {
            written += try String(contentsOfFile: "/proc/\(process.id)/cmdline", encoding: .utf8)
        }

        // Databases that refuse, or are not there.
        for url in [
            LeakStory.url("wrong-" + LeakStory.password, story.cluster),
            "postgresql://op:\(LeakStory.password)@127.0.0.1:9/leaks?connect_timeout=1",
            "postgresql://op:\(LeakStory.password)@127.0.0.1:nine/leaks",
            "host=127.0.0.1 pasword=\(LeakStory.password)",
        ] {
            let run = try await LastcallProcess.run(
                ["migrate"],
                environment: fleet.environment.merging(["LASTCALL_DATABASE_URL": url]) { $1 }
            )
            #expect(run.end != .exit(0))
            written += run.output + run.errors
        }
        written += try story.tables()
        for member in [worker, api] {
            #expect(await member.process.stop() == .exit(0))
            written += member.process.output + member.process.errors
            // Who was logged out is in the audit trail, never in a log.
            for word in [LeakStory.sub, LeakStory.sid, "uri-query-secret"] {
                #expect(!(member.process.output + member.process.errors).contains(word), "\(word)")
            }
        }
        // Their labels are there instead, and an operator can make them.
        for (flag, value) in [("--sub", LeakStory.sub), ("--sid", LeakStory.sid)] {
            let label = try await fleet.command("log-label", "op", flag, value).trimmingCharacters(
                in: .newlines
            )
            #expect(label.count == 16)
            #expect(worker.process.errors.contains("\"\(flag.dropFirst(2))\":\"\(label)\""))
        }
        let log = try String(contentsOfFile: story.cluster.directory + "/log", encoding: .utf8)
        #expect(log.contains("parameters: $1"))
        written += log

        var secrets = [
            Spelled("the operator key", text: LeakStory.operatorKey),
            Spelled("the secret of an API key", text: String(issued.suffix(43))),
            Spelled("the key-encryption key", bytes: LeakStory.keyEncryptionKey),
            Spelled("the webhook secret", bytes: LeakStory.webhookKey),
            Spelled("the database's password", text: LeakStory.password),
            Spelled("a receiver's credential", text: LeakStory.receiverCredential),
            Spelled("the collector's credential", text: LeakStory.collectorCredential),
            Spelled("an imported JWK", base64url: LeakStory.privateScalar),
            Spelled("an imported PEM", base64url: LeakStory.pemScalar),
            Spelled("an RP's body", text: LeakStory.marker),
        ]
        let tokens = rp.received.filter { !$0.target.hasPrefix("/hook") }.map {
            String(decoding: $0.body, as: UTF8.self)
        }
        #expect(tokens.count >= 6)
        let pushed = rp.received.filter { $0.target == "/receiver" }
        #expect(
            pushed.flatMap { $0.values(of: "authorization") } == ["Bearer \(LeakStory.receiverCredential)"]
        )
        let traced = story.collector.received.flatMap { $0.values(of: "authorization") }
        #expect(Set(traced) == ["Bearer \(LeakStory.collectorCredential)"])
        for token in tokens {
            let parts = token.split(separator: ".")
            #expect(parts.count == 3)
            secrets.append(Spelled("a signature", text: String(parts[2])))
            secrets.append(Spelled("a token's claims", text: String(parts[1])))
        }
        for secret in secrets {
            for form in secret.forms {
                // An expectation on the text would print the secret with it.
                let places = written.ranges(of: form).prefix(5).map { written[..<$0.lowerBound].suffix(120) }
                #expect(places.isEmpty, "\(secret.name)")
            }
        }
    }

    @Sendable
    private static func answer(_ request: ReceivedRequest) -> ScriptedStep {
        let token = String(decoding: request.body, as: UTF8.self).replacing("logout_token=", with: "")
        let json = ["Content-Type: application/json"]
        return switch request.target {
        case "/echo":
            .status(
                400,
                headers: json,
                body:
                    #"{"error": "\#(token.suffix(86))", "error_description": "no: \#(token)", "body": "\#(LeakStory.marker)"}"#
            )
        case "/plain":
            .status(400, headers: ["Content-Type: text/html"], body: "<b>\(LeakStory.marker)</b> \(token)")
        case "/down": .status(503, headers: json, body: #"{"error": "\#(LeakStory.marker)"}"#)
        default: .ok
        }
    }
}
