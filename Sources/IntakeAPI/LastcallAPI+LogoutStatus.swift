import DeliveryPolicy
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension LastcallAPI {
    var logoutStatusRoutes: [Route] {
        [Route("GET", "/v1/issuers/{issuer}/logout-status", .scopes([.read]), getLogoutStatus)]
    }

    /// Who is asked for, by the names of the query.
    static let loginSubjects = ["sub", "user_id", "session_id", "logout_event_id"]

    @Sendable private func getLogoutStatus(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let subjects: [LoginSubject?] = [
            try query.identifier("sub").map(LoginSubject.sub),
            try query.identifier("user_id").map(LoginSubject.user),
            try query.identifier("session_id").map(LoginSubject.session),
            try query.id("logout_event_id").map { .event(LogoutEventID.of($0)) },
        ]
        let limit = try query.limit()
        let place = try query.cursor(Cursor.loginPlace)
        try query.finish()
        let given = subjects.compactMap { $0 }
        guard given.count == 1, let subject = given.first else {
            throw Problem.invalidRequest(
                "Exactly one of \(Self.loginSubjects.joined(separator: ", ")) must be given."
            )
        }
        if case .event(let id) = subject {
            guard try await store.event(id, of: call.issuerKey()) != nil else { throw Problem.notFound }
        }
        let status = try await store.logins(
            of: subject,
            after: place,
            limit: limit + 1,
            issuer: call.issuerKey()
        )
        let page = try Page(status.lines, limit: limit) { try call.cursor($0.place) }
        return APIResponse(status: 200) { writer in
            writer.object { writer in
                writer.arrayMember("items") { writer in
                    for line in page.items { writer.login(line) }
                }
                writer.objectMember("summary") { writer in
                    for (state, count) in status.summary { writer.member(state.rawValue, count) }
                }
                writer.member("complete", status.isComplete)
                writer.member("next_cursor", page.nextCursor)
            }
        }
    }
}

extension LoginStanding {
    fileprivate var state: LoginState {
        LoginState(delivery: delivery, reason: reason.flatMap(EndReason.init(rawValue:)))
    }
}

extension LoginLine {
    fileprivate var place: LoginPlace { LoginPlace(clientID: clientID, sub: sub ?? "", sid: sid ?? "") }
}

extension LoginStatus {
    /// How many lines there are in each state, in the order of the states; those with none are left out.
    fileprivate var summary: [(state: LoginState, count: Int)] {
        var counts: [LoginState: Int] = [:]
        for (standing, count) in self.counts { counts[standing.state, default: 0] += count }
        return LoginState.allCases.compactMap { state in counts[state].map { (state, $0) } }
    }
}

extension JSONWriter {
    fileprivate mutating func login(_ line: LoginLine) {
        object { writer in
            writer.member("client_id", line.clientID)
            writer.member("sub", line.sub)
            writer.member("sid", line.sid)
            writer.member("state", line.standing.state.rawValue)
            writer.member("reason", line.standing.reason)
            writer.member("logout_event_id", line.delivery?.event.text)
            writer.member("delivery_id", line.delivery?.text)
            writer.member("since", (line.since ?? line.delivery?.createdAt)?.text)
        }
    }
}

extension Cursor {
    private static let loginMark: UInt8 = 4

    /// The parts are kept apart by NUL, which no identifier has.
    static func content(_ place: LoginPlace) -> [UInt8] {
        let parts = [place.clientID, place.sub, place.sid].map { Array($0.utf8) }
        return [loginMark] + Array(parts.joined(separator: [0]))
    }

    static func loginPlace(_ content: [UInt8]) -> LoginPlace? {
        guard content.first == loginMark else { return nil }
        let parts = content.dropFirst().split(separator: 0, omittingEmptySubsequences: false).map {
            String(validating: $0, as: UTF8.self)
        }
        guard parts.count == 3, let clientID = parts[0], let sub = parts[1], let sid = parts[2],
            Grammar.clientID.accepts(clientID)
        else { return nil }
        return LoginPlace(clientID: clientID, sub: sub, sid: sid)
    }
}
