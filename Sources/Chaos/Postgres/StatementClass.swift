/// What a statement of the product is about, by the name under which it is prepared, or by its text where it is not.
package enum StatementClass: String, Sendable, Hashable, CaseIterable {
    /// Logout events are accepted.
    case accept
    /// Due deliveries are claimed.
    case claim
    /// What became of attempts is recorded.
    case settle
    /// An operator's change is noted, or the trail is sealed.
    case audit
    /// Whatever is committed.
    case any

    /// Reads what a client says when it prepares a statement.
    ///
    /// - Parameters:
    ///   - name: a number that counts statements and the name of a file of `sql/queries`; empty where nothing is prepared.
    ///   - text: the SQL, with the comment that it begins with.
    /// - Returns: `nil` for any other statement.
    package static func of(name: String, text: String) -> StatementClass? {
        let file = name.drop { $0.isNumber }.drop { $0 == "_" }
        return switch file {
        case "accept": .accept
        case "claim": .claim
        case "settle": .settle
        case "audit_add", "tenant_audit_add", "audit_seal": .audit
        case "": beginnings.first { text.hasPrefix($0.0) }?.1
        default: nil
        }
    }

    private static let beginnings: [(String, StatementClass)] = [
        ("-- Accept logout events in one commit", .accept), ("-- Claim due deliveries of some lanes", .claim),
        ("-- Settle claimed deliveries", .settle),
        ("-- Note what an operator changed", .audit), ("-- Seal the next settled audit events", .audit),
    ]
}

/// Where a connection is cut.
package enum CutPlace: String, Sendable, Hashable, CaseIterable {
    /// The statements were sent and run; what commits them was not sent.
    case beforeCommitSent = "before"
    /// What commits them was sent, and done; the answer is withheld.
    case afterCommitSent = "after"
}
