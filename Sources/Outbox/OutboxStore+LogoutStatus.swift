import FoundationEssentials
public import LogoutModel
import PostgresClient

/// Whose logins are asked for.
public enum LoginSubject: Sendable, Hashable {
    /// The user, by the name that RPs have for them.
    case sub(String)
    /// The user, by the OP's own id.
    case user(String)
    /// One OP session.
    case session(String)
    /// Whoever this logout event told RPs of.
    case event(LogoutEventID)
}

/// One client in which somebody is, or was, logged in.
public struct LoginLine: Sendable, Hashable {
    /// The RP.
    public let clientID: String
    /// The subject as the RP knows it.
    public let sub: String?
    /// The session as the RP knows it.
    public let sid: String?
    /// The delivery that decides; `nil` where a login does.
    public let delivery: DeliveryID?
    /// What decides.
    public let standing: LoginStanding
    /// When it ended, or began where it is a login; `nil` for a delivery that is still open.
    public let since: Timestamp?
}

/// What decides whether somebody is logged in: an open participation, or else the newest logout.
public struct LoginStanding: Sendable, Hashable {
    /// Where the delivery stands; `nil` where an open participation decides.
    public let delivery: DeliveryStatus?
    /// Why, in the words of the API.
    public let reason: String?
}

/// Where somebody is logged in.
public struct LoginStatus: Sendable {
    /// The lines of this page.
    public var lines: [LoginLine] = []
    /// How many lines there are of each standing, on all pages.
    public var counts: [(standing: LoginStanding, count: Int)] = []
    /// Whether nothing was left out.
    public var isComplete = true
}

/// The place of a line in a list; an empty text stands for none.
public struct LoginPlace: Sendable, Hashable {
    /// The RP.
    public let clientID: String
    /// The subject.
    public let sub: String
    /// The session.
    public let sid: String

    /// The place behind this line.
    public init(clientID: String, sub: String, sid: String) {
        self.clientID = clientID
        self.sub = sub
        self.sid = sid
    }
}

extension OutboxStore {
    /// The most logout events that are looked at to answer where somebody is logged in: the newest.
    public static let maximumStatusEvents = 1_000
    /// The most deliveries that are looked at.
    public static let maximumStatusDeliveries = 100_000

    /// Where somebody is still logged in, by client, subject and session.
    public func logins(
        of subject: LoginSubject,
        after place: LoginPlace?,
        limit: Int,
        issuer: Int32,
        maximumEvents: Int = maximumStatusEvents,
        maximumDeliveries: Int = maximumStatusDeliveries
    ) async throws -> LoginStatus {
        let parameters: [PostgresValue] = [
            .optionalText(subject.sub), .optionalText(subject.user),
            .optionalText(subject.session),
            .optionalUUID(subject.event), .int4(Int32(maximumEvents)), .int4(Int32(maximumDeliveries)),
            .optionalText(place?.clientID), .optionalText(place?.sub), .optionalText(place?.sid),
            .int4(Int32(limit)),
        ]
        return try await reading(for: issuer) { connection in
            var status = LoginStatus()
            for row in try connection.query(.logoutStatus, parameters: parameters) {
                var columns = ColumnReader(row)
                switch try columns.text() {
                case "line": status.lines.append(try columns.loginLine())
                case "count": status.counts.append(try columns.loginCount())
                default: status.isComplete = false
                }
            }
            return status
        }
    }
}

extension LoginSubject {
    fileprivate var sub: String? { if case .sub(let sub) = self { sub } else { nil } }
    fileprivate var user: String? { if case .user(let user) = self { user } else { nil } }
    fileprivate var session: String? { if case .session(let session) = self { session } else { nil } }
    fileprivate var event: UUID? { if case .event(let event) = self { event.uuid } else { nil } }
}

extension ColumnReader {
    fileprivate mutating func loginLine() throws -> LoginLine {
        LoginLine(
            clientID: try text(),
            sub: try optionalText(),
            sid: try optionalText(),
            delivery: try optionalUUID().flatMap(DeliveryID.init),
            standing: try loginStanding(),
            since: try optionalTime()
        )
    }

    fileprivate mutating func loginCount() throws -> (standing: LoginStanding, count: Int) {
        skip(4)
        let standing = try loginStanding()
        skip(2)
        return (standing, try int())
    }

    private mutating func loginStanding() throws -> LoginStanding {
        let status = try optionalText()
        let reason = try optionalText()
        guard let status else { return LoginStanding(delivery: nil, reason: nil) }
        guard let known = DeliveryStatus(rawValue: status) else { throw OutboxError.unknownWord(status) }
        return LoginStanding(delivery: known, reason: reason)
    }
}
