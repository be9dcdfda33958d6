import LogoutTokens
import StrictJSON
import Testing

@Suite("Members of a JWK")
struct JWKMembersTests {
    private static func read(_ members: String, for operation: KeyOperation = .sign) throws -> JWKMembers {
        guard case .object(let object) = try JSON.parse(Array("{\(members)}".utf8)) else {
            return JWKMembers([:])
        }
        return try JWKMembers(object, for: operation)
    }

    @Test(
        "a member that a standard defines is refused where it is of another type",
        arguments: [
            "kty", "use", "alg", "kid", "x5u", "x5t", "x5t#S256", "crv", "x", "y", "n", "e", "d", "p", "q",
            "dp",
            "dq", "qi", "k",
        ]
    )
    func types(name: String) throws {
        for value in ["1", "null", "true", "[]", "{}", "[\"sig\"]"] {
            #expect(throws: KeyError.malformedMember(name), "\(value)") {
                try Self.read("\"\(name)\": \(value)")
            }
        }
        #expect(try Self.read("\"\(name)\": \"a\"")[name] == "a")
    }

    @Test(
        "more than two primes are refused, whatever they look like",
        arguments: ["[]", "null", "\"\"", "[{}]"]
    )
    func primes(value: String) {
        #expect(throws: KeyError.unsupportedMember("oth", value: "more than two primes")) {
            try Self.read("\"oth\": \(value)")
        }
    }

    @Test(
        "key_ops are a list of different texts that allows what the key is for",
        arguments: [
            (#"["sign"]"#, KeyOperation.sign, nil), (#"["verify", "sign"]"#, .sign, nil),
            (#"["verify"]"#, .verify, nil),
            (#"["verify"]"#, .sign, KeyError.unsupportedMember("key_ops", value: "verify")),
            (#"["sign"]"#, .verify, .unsupportedMember("key_ops", value: "sign")),
            ("[]", .sign, .unsupportedMember("key_ops", value: "")),
            (
                #"["a-word-of-more-than-16-characters"]"#, .sign,
                .unsupportedMember("key_ops", value: "a-word-of-more-t")
            ),
            (#""sign""#, .sign, .malformedMember("key_ops")), ("null", .sign, .malformedMember("key_ops")),
            (#"["sign", 1]"#, .sign, .malformedMember("key_ops")),
            (#"["sign", "sign"]"#, .sign, .malformedMember("key_ops")),
        ] as [(String, KeyOperation, KeyError?)]
    )
    func operations(value: String, operation: KeyOperation, expected: KeyError?) throws {
        let result = Result { try Self.read("\"key_ops\": \(value)", for: operation) }
        if let expected {
            #expect(throws: expected) { try result.get() }
        } else {
            #expect(throws: Never.self) { try result.get() }
        }
    }

    @Test("certificates are a list of texts, and what nobody has defined does not matter")
    func others() throws {
        #expect(throws: KeyError.malformedMember("x5c")) { try Self.read(#""x5c": "MIIB""#) }
        #expect(throws: KeyError.malformedMember("x5c")) { try Self.read(#""x5c": []"#) }
        #expect(throws: Never.self) { try Self.read(#""x5c": ["MIIB"], "ext": true, "vendor": {"use": 1}"#) }
    }
}
