import LogoutModel

/// Who calls, and what they may.
struct Principal: Sendable, Hashable {
    /// What the audit trail calls them: an API key's id, or `system` for the command line.
    let actor: String
    /// The issuer that the key belongs to; `nil` for an operator.
    let issuer: IssuerReference?
    let scopes: Set<AccessScope>

    var isOperator: Bool { issuer == nil }

    static func ofOperator(_ actor: String) -> Principal {
        Principal(actor: actor, issuer: nil, scopes: Set(AccessScope.allCases))
    }
}

/// An issuer as paths and keys name it.
struct IssuerReference: Sendable, Hashable {
    let key: Int32
    let name: String
}

/// What a route asks of the caller.
enum Access: Sendable, Hashable {
    /// Nothing: the route is public.
    case everyone
    /// Any valid key; the handler shows only what the key may see.
    case anyKey
    /// A key with one of these scopes, for the issuer in the path if there is one.
    case scopes([AccessScope])
    /// An operator's key.
    case operatorOnly
}
