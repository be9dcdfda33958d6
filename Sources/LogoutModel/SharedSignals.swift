import StrictJSON

/// How a client takes its logouts as a receiver of Shared Signals: as Security Event Tokens that are pushed to it, and
/// not as logout tokens.
///
/// Source: OpenID Shared Signals Framework 1.0, "Stream Configuration", whose names the members have.
public struct SharedSignals: Sendable, Hashable {
    /// The delivery methods of a stream that Lastcall has; the framework names one more, for polling.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// A POST for each token.
        case push = "urn:ietf:rfc:8935"
    }

    /// The one event that Lastcall tells of. Source: OpenID CAEP 1.0, "Session Revoked".
    public static let sessionRevoked =
        "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

    /// How tokens get there.
    public let method: Method
    /// The `aud` of its tokens, where that is not the `client_id`.
    public let aud: String?
    /// The events that it asked for, ``sessionRevoked`` among them.
    public let eventsRequested: [String]
    /// Whether an `Authorization` header is kept for it, which nobody is shown.
    public let hasAuthorizationHeader: Bool

    /// Terms of these parts.
    public init(
        method: Method = .push,
        aud: String? = nil,
        eventsRequested: [String] = [sessionRevoked],
        hasAuthorizationHeader: Bool = false
    ) {
        self.method = method
        self.aud = aud
        self.eventsRequested = eventsRequested
        self.hasAuthorizationHeader = hasAuthorizationHeader
    }

    /// Reads terms as they are stored; `nil` for what this version does not know.
    ///
    /// - Parameters:
    ///   - json: as ``json`` gave it.
    ///   - hasAuthorizationHeader: whether there is one beside them.
    public init?(stored json: String, hasAuthorizationHeader: Bool) {
        guard case .object(let members)? = try? JSON.parse(Array(json.utf8), maximumBytes: 1_048_576),
            case .string(let name)? = members["method"], let method = Method(rawValue: name),
            case .array(let events)? = members["events_requested"]
        else { return nil }
        self.method = method
        if case .string(let aud)? = members["aud"] { self.aud = aud } else { aud = nil }
        eventsRequested = events.compactMap { event in
            if case .string(let uri) = event { uri } else { nil }
        }
        self.hasAuthorizationHeader = hasAuthorizationHeader
    }

    /// What is stored of them, a JSON object.
    public var json: String {
        var writer = JSONWriter(reservingCapacity: 256)
        writer.object { writer in
            writer.member("method", method.rawValue)
            if let aud { writer.member("aud", aud) }
            writer.member("events_requested", eventsRequested)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
