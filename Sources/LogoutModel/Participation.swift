/// One client that is logged in through one OP session, as the OP reports it.
///
/// Identified by issuer, session, client and `sid`: the same again changes it, another `sid` is another participation.
/// Identifiers compare byte for byte, so this is not `Hashable`: Swift's `==` of strings is another one.
public struct Participation: Sendable {
    /// The issuer's row.
    public let issuerKey: Int32
    /// The OP's own session.
    public let sessionID: String
    /// The RP.
    public let clientID: String
    /// The subject as that RP knows it.
    public let sub: String
    /// The session as that RP knows it.
    public let sid: String?
    /// The OP's own id of the user; `nil` where it is the `sub`.
    public let userID: String?
    /// The browser or device.
    public let userAgentID: String?
    /// When the session ends by itself.
    public let expiresAt: Timestamp?

    /// A participation whose members have been checked.
    public init(
        issuerKey: Int32,
        sessionID: String,
        clientID: String,
        sub: String,
        sid: String? = nil,
        userID: String? = nil,
        userAgentID: String? = nil,
        expiresAt: Timestamp? = nil
    ) {
        self.issuerKey = issuerKey
        self.sessionID = sessionID
        self.clientID = clientID
        self.sub = sub
        self.sid = sid
        self.userID = userID
        self.userAgentID = userAgentID
        self.expiresAt = expiresAt
    }
}

/// A participation as it is kept.
public struct RecordedParticipation: Sendable {
    /// What the OP reported.
    public let participation: Participation
    /// When it was first recorded; a change leaves it.
    public let createdAt: Timestamp

    /// A participation and since when it has been there.
    public init(_ participation: Participation, createdAt: Timestamp) {
        self.participation = participation
        self.createdAt = createdAt
    }
}

/// Which participations end: that of one `sid`, or all of a session and a client.
public struct ParticipationEnd: Sendable {
    /// The issuer's row.
    public let issuerKey: Int32
    /// The OP's own session.
    public let sessionID: String
    /// The RP.
    public let clientID: String
    /// Only the one with this `sid`.
    public let sid: String?

    /// Names participations to end.
    public init(issuerKey: Int32, sessionID: String, clientID: String, sid: String?) {
        self.issuerKey = issuerKey
        self.sessionID = sessionID
        self.clientID = clientID
        self.sid = sid
    }
}
