import DeliveryPolicy
import Glibc
import LastcallTestKit
import RelyingPartyClient

/// What the suites share: a client that runs, servers that it trusts, requests that are short to write.
enum Harness {
    /// Loopback is allowed, as an operator does for development.
    static let loopback = AddressRule(allowLoopback: true)
    /// Far beyond what any healthy test takes.
    static let ample = Duration.seconds(60)

    /// Runs a client around a test, and waits for its thread to end.
    ///
    /// Every test runs with proxies in its environment that lead nowhere: a client that looked at them would fail all
    /// of them.
    static func withClient<Result: Sendable>(
        configure: (inout ClientConfiguration) -> Void = { _ in },
        _ body: (RelyingPartyClient) async throws -> Result
    ) async throws -> Result {
        _ = deadProxies
        var configuration = ClientConfiguration(userAgent: "Lastcall/0.0.1")
        configuration.caFile = try TestAuthority.shared().caFile
        configuration.shutdownGrace = .zero
        // On a busy machine a test may not get its turn for longer than a connection is usually kept.
        configuration.idleConnectionLifetime = ample * 10
        configure(&configuration)
        let client = try RelyingPartyClient(configuration)
        async let running: Void = client.run()
        do {
            let result = try await body(client)
            client.shutdown()
            try await running
            return result
        } catch {
            client.shutdown()
            try await running
            throw error
        }
    }

    static func server(
        _ transport: ScriptedRelyingParty.Transport = .tls,
        ipv6: Bool = false,
        standing: ScriptedStep = .ok
    ) throws -> ScriptedRelyingParty {
        let authority = try TestAuthority.shared().authority
        return try ScriptedRelyingParty(
            authority: authority,
            transport: transport,
            ipv6: ipv6,
            standing: standing
        )
    }

    static func request(
        _ url: String,
        lane: Int64 = 1,
        body: String = "logout_token=eyJh.eyJp.c2ln",
        timeout: Duration = ample,
        rule: AddressRule = loopback,
        allowHTTP: Bool = false,
        identity: TLSIdentity? = nil
    ) -> LogoutRequest {
        LogoutRequest(
            lane: lane,
            url: url,
            body: Array(body.utf8),
            timeout: timeout,
            rule: rule,
            allowHTTP: allowHTTP,
            identity: identity
        )
    }

    static func fetch(
        _ url: String,
        lane: Int64 = 1,
        timeout: Duration = ample,
        rule: AddressRule = loopback,
        allowHTTP: Bool = false,
        identity: TLSIdentity? = nil
    ) -> KeySetRequest {
        KeySetRequest(
            lane: lane,
            url: url,
            timeout: timeout,
            rule: rule,
            allowHTTP: allowHTTP,
            identity: identity
        )
    }

    /// A source of addresses that says the same for every name.
    static func everyName(_ addresses: String...) -> HostLookup {
        let addresses = addresses.compactMap { IPAddress($0) }
        return HostLookup { _ in .addresses(addresses) }
    }

    private static let deadProxies: Void = {
        for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            unsafe setenv(name, "http://127.0.0.1:9", 1)
        }
    }()
}
