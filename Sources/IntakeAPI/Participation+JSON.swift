import DeliveryPolicy
import LogoutModel
import StrictJSON

extension Participation {
    /// Reads the body of a `PUT`, whose path says which participation it is.
    init(reading body: ObjectReader, issuer: Int32, sessionID: String, clientID: String) throws {
        var body = body
        try self.init(members: &body, issuer: issuer, sessionID: sessionID, clientID: clientID)
    }

    /// Reads one line of an import.
    init(readingLine line: ObjectReader, issuer: Int32) throws {
        var line = line
        let sessionID = try line.requiredIdentifier("session_id", .identifier)
        let clientID = try line.requiredIdentifier("client_id", .clientID)
        try self.init(members: &line, issuer: issuer, sessionID: sessionID, clientID: clientID)
    }

    private init(
        members body: inout ObjectReader,
        issuer: Int32,
        sessionID: String,
        clientID: String
    ) throws {
        self.init(
            issuerKey: issuer,
            sessionID: sessionID,
            clientID: clientID,
            sub: try body.requiredIdentifier("sub", .identifier),
            sid: try body.identifier("sid", .identifier),
            userID: try body.identifier("user_id", .identifier),
            userAgentID: try body.identifier("user_agent_id", .identifier),
            expiresAt: try body.expiry()
        )
        try body.finish()
    }
}

extension ObjectReader {
    /// A member with a grammar of its own that must be there.
    fileprivate mutating func requiredIdentifier(_ name: String, _ grammar: Grammar) throws -> String {
        guard has(name) else { throw error(name, .missing) }
        guard let value = try identifier(name, grammar) else {
            throw error(name, .wrongType(expected: .string))
        }
        return value
    }

    fileprivate mutating func expiry() throws -> Timestamp? {
        guard let text = try optionalString("expires_at", maximumBytes: 64) else { return nil }
        guard let time = Timestamp(text: text) else {
            throw error("expires_at", .breaksRule("The value must be an RFC 3339 time."))
        }
        return time
    }
}

extension JSONWriter {
    /// A participation as it is kept.
    mutating func participation(_ recorded: RecordedParticipation) {
        let participation = recorded.participation
        object { writer in
            writer.member("session_id", participation.sessionID)
            writer.member("client_id", participation.clientID)
            writer.member("sub", participation.sub)
            writer.member("sid", participation.sid)
            writer.member("user_id", participation.userID ?? participation.sub)
            writer.member("user_agent_id", participation.userAgentID)
            writer.member("expires_at", participation.expiresAt?.text)
            writer.member("created_at", recorded.createdAt.text)
        }
    }
}
