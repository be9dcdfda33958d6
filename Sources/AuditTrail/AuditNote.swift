/// An audit event that an operator's change asks for; the outbox writes it in the transaction of that change.
public struct AuditNote: Sendable, Hashable {
    /// What happened.
    public let type: AuditType
    /// The client it happened to.
    public let clientID: String?
    /// Who did it: an API key's id, or `system`.
    public let actor: String
    /// The facts, a JSON object without keys, tokens or raw bodies.
    public let data: String?

    /// A note; `data` is the text of a JSON object.
    public init(_ type: AuditType, clientID: String? = nil, actor: String, data: String? = nil) {
        self.type = type
        self.clientID = clientID
        self.actor = actor
        self.data = data
    }
}
