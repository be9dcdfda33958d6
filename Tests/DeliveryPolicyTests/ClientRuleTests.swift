import DeliveryPolicy
import Testing

@Suite("Client rule")
struct ClientRuleTests {
    let strict = ClientRule(egress: EgressPolicy(addressRule: AddressRule()))
    let development = ClientRule(egress: EgressPolicy(addressRule: AddressRule(allowLoopback: true)))
    let privateNetworks = ClientRule(
        egress: EgressPolicy(addressRule: AddressRule(allowPrivateNetworks: true))
    )

    @Test(
        "https to names and public addresses is accepted, as it is",
        arguments: [
            "https://rp.example.com/bcl?x=%2F", "HTTPS://RP.example.com:8443", "https://8.8.8.8/",
            "https://[2001:4860::1]/", "https://localhost.example/",
        ]
    )
    func accepts(uri: String) throws {
        let accepted = try strict.accept(uri: uri, sessionRequired: true, algorithm: "RS256")
        #expect(accepted?.text == uri)
    }

    @Test("a client without a URI is accepted, unless it requires a session")
    func withoutURI() throws {
        #expect(try strict.accept(uri: nil, sessionRequired: false, algorithm: "ES256") == nil)
        #expect(throws: ClientMetadataError.sessionRequiredWithoutURI) {
            try strict.accept(uri: nil, sessionRequired: true, algorithm: "ES256")
        }
    }

    @Test(
        "http is for loopback alone, and there only where it is allowed",
        arguments: [
            ("http://localhost:8080/bcl", true), ("HTTP://LOCALHOST/", true), ("http://127.0.0.1/", true),
            ("http://127.9.9.9/", true), ("http://[::1]:1/", true),
            ("http://rp.example.com/", false), ("http://localhost.example.com/", false),
            ("http://a.localhost/", false), ("http://8.8.8.8/", false),
            ("http://10.0.0.1/", false), ("http://[::2]/", false),
        ]
    )
    func insecureURIs(uri: String, isLoopback: Bool) throws {
        #expect(throws: ClientMetadataError.insecureURI) { try strict.accept(uri: uri) }
        #expect(throws: ClientMetadataError.insecureURI) { try privateNetworks.accept(uri: uri) }
        if isLoopback {
            #expect(try development.accept(uri: uri).text == uri)
        } else {
            #expect(throws: ClientMetadataError.insecureURI) { try development.accept(uri: uri) }
        }
    }

    @Test(
        "a literal address is judged when it is registered",
        arguments: [
            ("https://127.0.0.1/", "127.0.0.0/8"), ("https://[::ffff:127.0.0.1]/", "127.0.0.0/8"),
            ("https://10.0.0.1/", "10.0.0.0/8"),
            ("https://169.254.169.254/", "169.254.169.254/32"), ("https://[::1]/", "::1/128"),
            ("https://[64:ff9b::808:808]/", "64:ff9b::/96"),
        ]
    )
    func literalAddresses(uri: String, block: String) throws {
        let error = try #require(throws: ClientMetadataError.self) { try strict.accept(uri: uri) }
        guard case .forbidden(.blockedAddress(let found)) = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(found.base)/\(found.prefixLength)" == block)
        #expect(error.member == "/backchannel_logout_uri")
        #expect(error.rule.contains(block))
    }

    @Test("hosts and ports are judged by the operators' rules, and point at the URI")
    func operatorsRules() throws {
        var rule = EgressRule.none
        rule.denyHosts = [try #require(HostPattern("*.evil.example"))]
        rule.allowPorts = [443]
        let client = ClientRule(egress: EgressPolicy(addressRule: AddressRule(), issuer: rule))
        #expect(try client.accept(uri: "https://evil.example/").port == 443)
        for (uri, refusal) in [
            ("https://a.evil.example/", EgressRefusal.deniedHost(rule.denyHosts[0])),
            ("https://rp.example:8443/", .portNotAllowed(8_443)),
        ] {
            let error = ClientMetadataError.forbidden(refusal)
            #expect(throws: error) { try client.accept(uri: uri) }
            #expect(error.member == "/backchannel_logout_uri" && error.rule == refusal.rule)
        }
    }

    @Test("localhost is refused unless loopback is allowed")
    func localhost() throws {
        for uri in ["https://localhost/", "https://rp.localhost:8443/"] {
            let error = try #require(throws: ClientMetadataError.self) { try strict.accept(uri: uri) }
            #expect(error.rule.contains("RFC 6761"))
            #expect(throws: ClientMetadataError.self) { try privateNetworks.accept(uri: uri) }
            #expect(try development.accept(uri: uri).text == uri)
        }
    }

    @Test("what the operator opened may be registered")
    func openedAddresses() throws {
        #expect(try privateNetworks.accept(uri: "https://10.0.0.1/").port == 443)
        #expect(try development.accept(uri: "https://127.0.0.1/").port == 443)
        #expect(throws: ClientMetadataError.self) { try development.accept(uri: "https://10.0.0.1/") }
        #expect(throws: ClientMetadataError.self) { try privateNetworks.accept(uri: "https://127.0.0.1/") }
    }

    @Test("a URI that breaks its own rules is refused with that rule")
    func badURIs() {
        let error = ClientMetadataError.uri(.fragment)
        #expect(throws: error) {
            try strict.accept(uri: "https://rp.example.com/#", sessionRequired: false, algorithm: "RS256")
        }
        #expect(error.member == "/backchannel_logout_uri")
        #expect(error.rule == LogoutURIError.fragment.rule)
    }

    @Test(
        "algorithms are those that Lastcall signs with, spelled exactly",
        arguments: [
            ("RS256", true), ("RS384", true), ("RS512", true), ("PS256", true), ("PS384", true),
            ("PS512", true), ("ES256", true), ("ES384", true),
            ("ES512", true), ("EdDSA", true), ("none", false), ("HS256", false), ("rs256", false),
            ("RS1", false), ("ES256K", false), ("Ed25519", false),
            ("", false), ("RS256 ", false),
        ]
    )
    func algorithms(algorithm: String, isAccepted: Bool) throws {
        if isAccepted {
            #expect(try strict.accept(uri: nil, sessionRequired: false, algorithm: algorithm) == nil)
        } else {
            #expect(throws: ClientMetadataError.unsupportedAlgorithm) {
                try strict.accept(uri: nil, sessionRequired: false, algorithm: algorithm)
            }
        }
    }

    @Test("each error points at its member")
    func members() {
        #expect(ClientMetadataError.insecureURI.member == "/backchannel_logout_uri")
        #expect(
            ClientMetadataError.sessionRequiredWithoutURI.member == "/backchannel_logout_session_required"
        )
        #expect(ClientMetadataError.unsupportedAlgorithm.member == "/id_token_signed_response_alg")
        #expect(
            ClientMetadataError.unsupportedAlgorithm.rule
                == "The algorithm must be one of: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA."
        )
    }
}
