import Foundation
import LastcallTestKit

/// The built `lastcall up` with all cases as clients: registered through its API, all logged out, all judged.
struct ProductProof {
    let stage: Stage
    let title: String
    let folder: String
    var settings: [String: String] = [:]
    /// Whether private addresses are open in this part.
    var opensPrivate = false
    /// The proxy that everything has to go through, where there is one.
    var proxy: (at: PacketCapture.Destination, server: ScriptedProxy, far: String)?

    private static let key = "operator-key-of-the-network-proof-0123456789"

    func run(_ report: Report) async throws {
        report.begin(title)
        var environment = [
            "LASTCALL_DATA_DIR": folder + "/data", "LASTCALL_LISTEN": "127.0.0.1:\(Stage.apiPort)",
            "LASTCALL_ADMIN_LISTEN": "127.0.0.1:\(Stage.adminPort)", "LASTCALL_OPERATOR_API_KEY": Self.key,
            "LASTCALL_CA_FILE": stage.caFile, "HOME": folder, "CURL_HOME": folder,
        ]
        for name in Stage.proxyVariables { environment[name] = Stage.deadProxy }
        environment.merge(settings) { $1 }
        let process = try LastcallProcess(["up"], environment: environment)
        do {
            try await judge(report)
        } catch {
            _ = await process.stop()
            throw ProofError("\(error)\n\(process.errors.suffix(2_000))")
        }
        guard await process.stop() == .exit(0) else { throw ProofError("lastcall up did not stop cleanly") }
    }

    private func judge(_ report: Report) async throws {
        try await eventually("lastcall up to be ready", within: .seconds(120)) {
            (try? await LoopbackCall.send("GET", "/readyz", port: Stage.apiPort).status) == 200
        }
        try await prepare()
        let cases = try await register(report)
        let start = stage.party.received.count
        _ = try stage.capture.take()
        let outcomes = try await logOut(cases)
        let received = stage.party.received.dropFirst(start).map(\.target)
        let probed = try await probe(cases)
        let seen = try stage.capture.take()

        for one in cases {
            let outcome = outcomes[one.name] ?? "nothing"
            let count = received.filter { $0 == one.path }.count
            let problem = problem(one, outcome: outcome, count: count, seen)
            report.line(one.it.group, one.it.title, outcome, problem: problem)
        }
        if let probed {
            let expected = opensPrivate ? "delivered" : "blocked_address"
            report.line("probe", "10.0.0.0", probed, problem: probed == expected ? nil : "not \(expected)")
        }
        judgePackets(seen, report)
    }

    private func judgePackets(_ seen: Set<PacketCapture.Destination>, _ report: Report) {
        var rest = seen
        if let proxy {
            rest = rest.filter { $0 != proxy.at && $0.address != proxy.far }
            let direct = rest.subtracting(Stage.own).map(\.description).sorted()
            let problem = direct.isEmpty && seen.contains(proxy.at) ? nil : "\(direct)"
            report.line("packets", "to the proxy only", "\(seen.count) destinations", problem: problem)
            let asked = Set(proxy.server.received.map(\.target)).filter { target in
                guard let colon = target.lastIndex(of: ":") else { return true }
                let host = target[..<colon].filter { $0 != "[" && $0 != "]" }
                return Address(host).map(AddressSpace.isDenied) ?? true
            }
            let forbidden = asked.isEmpty ? nil : "\(asked.sorted())"
            report.line(
                "CONNECT",
                "to admitted addresses only",
                "\(proxy.server.received.count)",
                problem: forbidden
            )
        }
        let opened: (Address) -> Bool = { address in
            opensPrivate && AddressSpace.privateBlocks.contains { $0.contains(address) }
        }
        let forbidden = stage.forbidden(rest, except: opened)
        report.line(
            "packets",
            "to denied space",
            "\(forbidden.count)",
            problem: forbidden.isEmpty ? nil : "\(forbidden)"
        )
    }

    private func problem(
        _ one: NamedCase,
        outcome: String,
        count: Int,
        _ seen: Set<PacketCapture.Destination>
    ) -> String? {
        switch one.it.verdict {
        case .ended where opensPrivate && one.it.isPrivate:
            // The control: here the RP inside is reached, which is what must not happen elsewhere.
            return outcome == "delivered" && count == 1 ? nil : "not delivered, \(count) requests"
        case .ended(let wanted):
            let mayArrive = ["redirect_refused", "rejected"].contains(wanted) ? 1 : 0
            return outcome == wanted && count == mayArrive ? nil : "not \(wanted), \(count) requests"
        case .delivered(let addresses):
            guard outcome == "delivered", count == 1 else { return "not delivered, \(count) requests" }
            guard proxy == nil, !opensPrivate else { return nil }
            let places = addresses.map { PacketCapture.Destination("tcp", $0, 443) }
            return seen.isDisjoint(with: places) ? "not seen at \(addresses)" : nil
        case .refused:
            return nil
        }
    }

    // MARK: The API

    private func call(_ method: String, _ path: String, _ body: String? = nil) async throws -> (
        Int, [String: Any]
    ) {
        let answer = try await LoopbackCall.send(method, path, port: Stage.apiPort, key: Self.key, body: body)
        let text = answer.body.drop { $0 != "{" }
        let json = try? JSONSerialization.jsonObject(
            with: Data(text.prefix(through: text.lastIndex(of: "}") ?? text.startIndex).utf8)
        )
        return (answer.status, json as? [String: Any] ?? [:])
    }

    private func prepare() async throws {
        let hook = "https://hook.\(CaseTable.domain)/hook"
        let secret = "whsec_\(Data(repeating: 7, count: 32).base64EncodedString())"
        let issuer = """
            {"issuer": "https://op.example.com", "delivery": {"attempt_timeout_seconds": 4, "max_attempts": 1},
             "completion_webhook": {"url": "\(hook)", "secret": "\(secret)"}}
            """
        let (status, _) = try await call("PUT", "/v1/issuers/op", issuer)
        guard (200...201).contains(status) else { throw ProofError("the issuer is refused: \(status)") }
        guard status == 201 else { return }
        let (made, _) = try await call("POST", "/v1/issuers/op/signing-keys", #"{"alg": "ES256"}"#)
        guard made == 201 else { throw ProofError("no signing key: \(made)") }
    }

    /// Registers every case; those that are, and must be, are returned.
    private func register(_ report: Report) async throws -> [NamedCase] {
        var registered: [NamedCase] = []
        for one in stage.table.cases {
            if one.it.verdict == .refused, opensPrivate || proxy != nil { continue }
            let metadata = ["backchannel_logout_uri": one.it.url, "id_token_signed_response_alg": "ES256"]
            let body = String(decoding: try JSONSerialization.data(withJSONObject: metadata), as: UTF8.self)
            let (status, answer) = try await call("PUT", "/v1/issuers/op/clients/\(one.name)", body)
            let code = answer["code"] as? String ?? "no code"
            if one.it.verdict == .refused {
                let isRefused = status == 400 && code == "invalid_client_metadata"
                report.line(
                    one.it.group,
                    one.it.title,
                    "400 \(code)",
                    problem: isRefused ? nil : "registered: \(status)"
                )
            } else if (200...201).contains(status) {
                registered.append(one)
            } else {
                report.line(one.it.group, one.it.title, "\(status) \(code)", problem: "cannot be registered")
            }
        }
        return registered
    }

    /// Logs everyone out at once; the outcome of each one's attempt, by its name.
    private func logOut(_ cases: [NamedCase]) async throws -> [String: String] {
        let targets = cases.map { #"{"client_id": "\#($0.name)", "sub": "alice", "sid": "s-1"}"# }
        let body = #"{"targets": [\#(targets.joined(separator: ", "))]}"#
        let (status, event) = try await call("POST", "/v1/issuers/op/logout-events", body)
        guard status == 202, let id = event["id"] as? String else {
            throw ProofError("no logout: \(status) \(event)")
        }
        try await eventually("the end of the logout and of its webhook", within: .seconds(120)) {
            let (_, event) = try await call("GET", "/v1/issuers/op/logout-events/\(id)")
            let webhook = (event["completion_webhook"] as? [String: Any])?["status"] as? String
            return event["status"] as? String != "in_progress" && ["failed", "delivered"].contains(webhook)
        }
        let (_, list) = try await call("GET", "/v1/issuers/op/deliveries?logout_event_id=\(id)&limit=1000")
        var outcomes: [String: String] = [:]
        for case let delivery as [String: Any] in list["items"] as? [Any] ?? [] {
            guard let name = delivery["client_id"] as? String, let id = delivery["id"] as? String else {
                continue
            }
            let (_, whole) = try await call("GET", "/v1/issuers/op/deliveries/\(id)")
            let attempts = whole["attempts"] as? [[String: Any]] ?? []
            outcomes[name] = attempts.last?["outcome"] as? String ?? whole["status"] as? String
        }
        return outcomes
    }

    /// The outcome of a harmless test of an RP inside.
    private func probe(_ cases: [NamedCase]) async throws -> String? {
        guard let inside = cases.first(where: { $0.it.title == "10.0.0.0" }) else { return nil }
        let (_, answer) = try await call("POST", "/v1/issuers/op/clients/\(inside.name)/probe")
        return answer["outcome"] as? String ?? "nothing"
    }
}
