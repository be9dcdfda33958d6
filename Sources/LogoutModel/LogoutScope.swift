import StrictJSON

/// Whom a logout concerns.
public enum LogoutScope: Sendable, Hashable {
    /// The RPs that the OP resolved itself, without duplicates, at most 10,000; may be empty.
    case targets([LogoutTarget])
    /// The recorded participations that match.
    case filter(ParticipationFilter)

    /// The targets; none where a filter chooses.
    public var targets: [LogoutTarget] {
        if case .targets(let targets) = self { targets } else { [] }
    }
}

/// One RP session that must end.
public struct LogoutTarget: Sendable, Hashable {
    /// The RP's `client_id`, registered or not.
    public let clientID: String
    /// The subject as that RP knows it.
    public let sub: String?
    /// The session as that RP knows it.
    public let sid: String?

    /// A target; at least one of `sub` and `sid` is given.
    public init(clientID: String, sub: String?, sid: String?) {
        self.clientID = clientID
        self.sub = sub
        self.sid = sid
    }

    /// Compares bytes: two spellings of one character are two subjects.
    public static func == (left: LogoutTarget, right: LogoutTarget) -> Bool {
        func same(_ left: String?, _ right: String?) -> Bool {
            switch (left, right) {
            case (nil, nil): true
            case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
            default: false
            }
        }
        return same(left.clientID, right.clientID) && same(left.sub, right.sub) && same(left.sid, right.sid)
    }

    /// Hashes bytes, as `==` compares them.
    public func hash(into hasher: inout Hasher) {
        for part in [clientID, sub, sid] {
            hasher.combine(part == nil)
            for byte in (part ?? "").utf8 { hasher.combine(byte) }
        }
    }
}

/// Chooses participations: all members that are given must hold, and at least one is.
public struct ParticipationFilter: Sendable, Hashable {
    /// The OP's session.
    public var sessionID: String?
    /// The session as an RP knows it.
    public var sid: String?
    /// The subject as an RP knows it.
    public var sub: String?
    /// The OP's own id of the user.
    public var userID: String?
    /// The browser.
    public var userAgentID: String?
    /// The RP.
    public var clientID: String?

    /// A filter that matches everything, and so is not one yet.
    public init() {}

    /// The members by their names in the API, in a fixed order.
    public var members: [(name: String, value: String?)] {
        [
            ("session_id", sessionID), ("sid", sid), ("sub", sub), ("user_id", userID),
            ("user_agent_id", userAgentID), ("client_id", clientID),
        ]
    }

    /// Whether nothing is asked for.
    public var isEmpty: Bool { members.allSatisfy { $0.value == nil } }

    /// Whether it means everyone at one RP.
    public var isClientAlone: Bool {
        clientID != nil && members.allSatisfy { $0.name == "client_id" || $0.value == nil }
    }

    /// Compares bytes: two spellings of one character are two subjects.
    public static func == (left: ParticipationFilter, right: ParticipationFilter) -> Bool {
        zip(left.members, right.members).allSatisfy { pair in
            switch (pair.0.value, pair.1.value) {
            case (nil, nil): true
            case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
            default: false
            }
        }
    }

    /// Hashes bytes, as `==` compares them.
    public func hash(into hasher: inout Hasher) {
        for (_, value) in members {
            hasher.combine(value == nil)
            for byte in (value ?? "").utf8 { hasher.combine(byte) }
        }
    }
}

extension LogoutScope {
    /// The scope as it is kept and shown: a filter's members, or how many targets there were, which are the event's deliveries.
    public var json: String {
        var writer = JSONWriter(reservingCapacity: 64)
        writer.object { writer in
            switch self {
            case .targets(let targets): writer.member("targets", targets.count)
            case .filter(let filter):
                for (name, value) in filter.members {
                    if let value { writer.member(name, value) }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
