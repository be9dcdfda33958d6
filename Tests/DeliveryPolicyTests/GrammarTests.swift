import DeliveryPolicy
import Testing

@Suite("Grammars")
struct GrammarTests {
    @Test(
        "each grammar has its shortest and its longest text",
        arguments: [
            (Grammar.clientID, 1, 255), (.issuerName, 1, 40), (.identifier, 1, 255),
            (.idempotencyKey, 1, 255), (.apiKey, 32, 255), (.credentialName, 1, 64),
        ]
    )
    func lengths(grammar: Grammar, shortest: Int, longest: Int) {
        func text(_ count: Int) -> String { String(repeating: "a", count: count) }
        #expect(!grammar.accepts(text(shortest - 1)))
        #expect(grammar.accepts(text(shortest)))
        #expect(grammar.accepts(text(longest)))
        #expect(!grammar.accepts(text(longest + 1)))
        #expect(grammar.rule.hasSuffix("."))
    }

    @Test("lengths count bytes")
    func countsBytes() {
        #expect(Grammar.identifier.accepts(String(repeating: "\u{E9}", count: 127)))
        #expect(!Grammar.identifier.accepts(String(repeating: "\u{E9}", count: 128)))
    }

    @Test(
        "each grammar has its characters, and not the ones beside them",
        arguments: [
            (Grammar.clientID, [0x20, 0x21, 0x7E], [0x00, 0x0A, 0x1F, 0x7F, 0x80, 0xA0, 0xE9]),
            (.idempotencyKey, [0x21, 0x7E], [0x00, 0x09, 0x20, 0x7F, 0x80, 0xA0, 0xE9]),
            (.apiKey, [0x21, 0x7E], [0x00, 0x09, 0x20, 0x7F, 0x80, 0xA0, 0xE9]),
            (
                .identifier, [0x20, 0x7E, 0xA0, 0xE9, 0x2028, 0x10FFFF],
                [0x00, 0x01, 0x1F, 0x7F, 0x80, 0x85, 0x9F]
            ),
            (
                .issuerName, [0x2D, 0x30, 0x39, 0x61, 0x7A],
                [0x20, 0x2C, 0x2E, 0x2F, 0x3A, 0x41, 0x5A, 0x5F, 0x60, 0x7B, 0xE9]
            ),
            (
                .credentialName, [0x2D, 0x30, 0x39, 0x5F, 0x61, 0x7A],
                [0x00, 0x20, 0x2C, 0x2E, 0x2F, 0x3A, 0x41, 0x5A, 0x5C, 0x60, 0x7B, 0xE9]
            ),
        ] as [(Grammar, [UInt32], [UInt32])]
    )
    func characters(grammar: Grammar, allowed: [UInt32], refused: [UInt32]) throws {
        let stem = String(repeating: "a", count: 32)
        for value in allowed {
            #expect(grammar.accepts(stem + String(try #require(Unicode.Scalar(value)))), "\(value)")
        }
        for value in refused {
            #expect(!grammar.accepts(stem + String(try #require(Unicode.Scalar(value)))), "\(value)")
        }
    }

    @Test(
        "the name of a certificate begins with a letter or digit",
        arguments: [
            ("-a", false), ("_a", false), ("a-_", true), ("0", true), (".", false), ("..", false),
            ("", false),
        ]
    )
    func credentialNames(name: String, isAccepted: Bool) {
        #expect(Grammar.credentialName.accepts(name) == isAccepted)
    }

    @Test(
        "an issuer's name begins with a letter or digit",
        arguments: [("-a", false), ("a-", true), ("0", true), ("-", false)]
    )
    func issuerNames(name: String, isAccepted: Bool) {
        #expect(Grammar.issuerName.accepts(name) == isAccepted)
    }
}
