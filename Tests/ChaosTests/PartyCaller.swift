import Chaos
import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient

/// The product's own sender, calling ledger parties: libcurl, with certificates that are checked.
struct PartyCaller {
    let parties: LedgerParties
    private let client: RelyingPartyClient
    private static let rule = AddressRule(allowLoopback: true)

    /// Runs a test with parties and a sender, and ends both.
    static func with(_ count: Int, _ body: (PartyCaller) async throws -> Void) async throws {
        let test = try TestAuthority.shared()
        var configuration = ClientConfiguration(userAgent: "Lastcall/chaos-tests")
        configuration.caFile = test.caFile
        let client = try RelyingPartyClient(configuration)
        let parties = try LedgerParties(count: count, authority: test.authority)
        defer { parties.close() }
        async let running: Void = client.run()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(PartyCaller(parties: parties, client: client)))
        } catch {
            outcome = .failure(error)
        }
        client.shutdown(grace: .zero)
        try await running
        try outcome.get()
    }

    /// Posts a token, and waits for what becomes of it.
    func post(_ token: String, to party: Int, within timeout: Duration = .seconds(30)) async -> Answer {
        await client.post(
            LogoutRequest(
                lane: Int64(party),
                url: parties.uri(party),
                body: Array("logout_token=\(token)".utf8),
                timeout: timeout,
                rule: Self.rule
            )
        )
    }
}
