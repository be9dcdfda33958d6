import DeliveryPolicy
import Testing

@Suite("Issuer rule")
struct IssuerRuleTests {
    let strict = IssuerRule(allowInsecureLoopback: false)
    let development = IssuerRule(allowInsecureLoopback: true)

    @Test(
        "https URLs without query and fragment are issuers, wherever they lead",
        arguments: [
            "https://op.example.com", "https://op.example.com/", "https://op.example.com:8443/realms/a",
            "https://10.0.0.1", "https://localhost/x",
        ]
    )
    func accepts(url: String) {
        #expect(throws: Never.self) { try strict.check(url) }
    }

    @Test(
        "others are not",
        arguments: [
            ("http://op.example.com", IssuerURLError.insecure), ("http://localhost", .insecure),
            ("https://op.example.com?", .query),
            ("https://op.example.com/?a=b", .query), ("https://op.example.com/#", .uri(.fragment)),
            ("op.example.com", .uri(.notAbsolute)),
            ("urn:op", .uri(.notAbsolute)), ("https://u@op.example.com", .uri(.userinfo)),
            ("", .uri(.notAbsolute)),
        ]
    )
    func refuses(url: String, expected: IssuerURLError) {
        #expect(throws: expected) { try strict.check(url) }
        #expect(expected.rule.hasSuffix("."))
    }

    @Test(
        "http is for loopback alone, where it is allowed",
        arguments: [
            ("http://localhost:9000/op", true), ("http://[::1]", true), ("http://op.example.com", false),
        ]
    )
    func insecureLoopback(url: String, isAccepted: Bool) {
        if isAccepted {
            #expect(throws: Never.self) { try development.check(url) }
        } else {
            #expect(throws: IssuerURLError.insecure) { try development.check(url) }
        }
    }
}
