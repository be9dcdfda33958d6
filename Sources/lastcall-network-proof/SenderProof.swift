import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient

/// The sender by itself: what registration would never let through is posted all the same.
struct SenderProof {
    let stage: Stage

    func run(_ report: Report) async throws {
        report.begin("The sender by itself, past all rules of registration")
        var configuration = ClientConfiguration(userAgent: "Lastcall/0.0.1")
        configuration.caFile = stage.caFile
        configuration.nameLifetime = .zero
        let client = try RelyingPartyClient(configuration)
        async let running: Void = client.run()
        do {
            try await spellings(client, report)
            try await rebinding(client, report)
            try await policyChange(client, report)
        } catch {
            client.shutdown()
            try await running
            throw error
        }
        client.shutdown()
        try await running
    }

    private func post(
        _ url: String,
        _ client: RelyingPartyClient,
        rule: AddressRule = AddressRule(),
        lane: Int64
    ) async
        -> Answer
    {
        await client.post(
            LogoutRequest(
                lane: lane,
                url: url,
                body: Array("logout_token=x".utf8),
                timeout: .seconds(4),
                rule: rule,
                allowHTTP: true
            )
        )
    }

    private func spellings(_ client: RelyingPartyClient, _ report: Report) async throws {
        for (lane, one) in stage.table.cases.filter({ $0.it.verdict == .refused }).enumerated() {
            _ = try stage.capture.take()
            let answer = await post(one.it.url, client, lane: Int64(lane))
            let forbidden = stage.forbidden(try stage.capture.take())
            let outcome = answer.failure.map { "\($0)" } ?? "answered from \(answer.remoteAddress ?? "-")"
            report.line(
                one.it.group,
                one.it.title,
                String(outcome.prefix(60)),
                problem: forbidden.isEmpty ? nil : "\(forbidden)"
            )
        }
    }

    /// The name says outside, inside, outside, ...; every answer closes its connection.
    private func rebinding(_ client: RelyingPartyClient, _ report: Report) async throws {
        _ = try stage.capture.take()
        var endings: [String] = []
        for number in 0..<12 {
            let url = "https://rebound.\(CaseTable.domain)/rebound"
            let answer = await post(url, client, lane: 10_000 + Int64(number))
            endings.append(answer.failure == nil ? "outside" : "blocked")
        }
        let forbidden = stage.forbidden(try stage.capture.take())
        let wanted = (0..<12).map { $0 % 2 == 0 ? "outside" : "blocked" }
        let problem = endings == wanted && forbidden.isEmpty ? nil : "\(endings), \(forbidden)"
        report.line("rebinding", "12 attempts, another answer each", "6 outside, 6 blocked", problem: problem)
    }

    /// A connection that is open when its address is closed off is not used again.
    private func policyChange(_ client: RelyingPartyClient, _ report: Report) async throws {
        let url = "https://inside.\(CaseTable.domain)/inside"
        let open = AddressRule(allowPrivateNetworks: true)
        let count = stage.party.received.count
        let first = await post(url, client, rule: open, lane: 20_000)
        let seen = try stage.capture.take()
        let second = await post(url, client, lane: 20_000)
        let forbidden = stage.forbidden(try stage.capture.take())
        let isControlled = first.status == 200 && seen.contains(.init("tcp", "10.0.0.1", 443))
        report.line(
            "policy change",
            "before it",
            "delivered inside",
            problem: isControlled ? nil : "\(first), \(seen)"
        )
        let isBlocked = if case .blockedAddress? = second.failure { true } else { false }
        let isAlone = stage.party.received.count == count + 1
        let problem = isBlocked && isAlone && forbidden.isEmpty ? nil : "\(second), \(forbidden)"
        report.line("policy change", "after it, on the open connection", "blocked", problem: problem)
    }
}
