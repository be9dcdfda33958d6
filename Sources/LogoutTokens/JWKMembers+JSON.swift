public import StrictJSON

/// What a signing key is imported for: one of the values of `key_ops`.
public enum KeyOperation: String, Sendable, Hashable, CaseIterable {
    /// The private part is imported.
    case sign
    /// The public part is imported.
    case verify
}

extension JWKMembers {
    /// The members that standards define as text. Source: RFC 7517 §4, RFC 7518 §6, RFC 8037 §2.
    private static let textMembers: Set = [
        "kty", "use", "alg", "kid", "x5u", "x5t", "x5t#S256", "crv", "x", "y", "n", "e", "d", "p", "q", "dp",
        "dq",
        "qi", "k",
    ]

    /// Reads a JWK from outside. A member that a standard defines must be as it says, so that nothing which restricts a
    /// key is dropped; what no standard defines is left out, as RFC 7517 §4 has it.
    ///
    /// - Parameters:
    ///   - jwk: the object.
    ///   - operation: what its `key_ops`, if any, must allow.
    /// - Throws: ``KeyError/malformedMember(_:)`` or ``KeyError/unsupportedMember(_:value:)``.
    public init(_ jwk: JSONObject, for operation: KeyOperation) throws(KeyError) {
        var values: [String: String] = [:]
        for member in jwk.members {
            switch (member.name, member.value) {
            case ("oth", _): throw .unsupportedMember("oth", value: "more than two primes")
            case ("key_ops", let value): try Self.check(operations: value, allow: operation)
            case ("x5c", let value):
                guard value.texts?.isEmpty == false else { throw .malformedMember("x5c") }
            case (let name, .string(let text)): values[name] = text
            case (let name, _):
                guard !Self.textMembers.contains(name) else { throw .malformedMember(name) }
            }
        }
        self.init(values)
    }

    /// Source: RFC 7517 §4.3.
    private static func check(operations: JSON, allow operation: KeyOperation) throws(KeyError) {
        guard let names = operations.texts, Set(names).count == names.count else {
            throw .malformedMember("key_ops")
        }
        guard names.contains(operation.rawValue) else {
            throw .unsupportedMember("key_ops", value: (names.first ?? "").excerpt)
        }
    }
}

extension JSON {
    /// The elements of an array of texts; `nil` for everything else.
    fileprivate var texts: [String]? {
        guard case .array(let elements) = self else { return nil }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { return nil }
            texts.append(text)
        }
        return texts
    }
}
