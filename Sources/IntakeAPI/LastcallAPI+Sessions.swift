import DeliveryPolicy
import LogoutModel
import Outbox

extension LastcallAPI {
    var sessionRoutes: [Route] {
        let sessions = "/v1/issuers/{issuer}/sessions"
        let participation = sessions + "/{session_id}/clients/{client_id}"
        return [
            Route("GET", sessions, .scopes([.sessions, .read]), listSessions),
            Route("POST", sessions + "/import", .scopes([.sessions]), importSessions),
            Route("PUT", participation, .scopes([.sessions]), putParticipation),
            Route("DELETE", participation, .scopes([.sessions]), deleteParticipation),
        ]
    }

    @Sendable private func putParticipation(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let sessionID = try call.name("session_id", .identifier)
        let clientID = try call.name("client_id", .clientID)
        let wanted = try Participation(
            reading: await call.object(),
            issuer: call.issuerKey(),
            sessionID: sessionID,
            clientID: clientID
        )
        switch try await sessions.record(wanted, spent: call.spent) {
        case .created(let recorded): return APIResponse(status: 201) { $0.participation(recorded) }
        case .changed(let recorded): return APIResponse(status: 200) { $0.participation(recorded) }
        case .noClient: throw Problem.notFound
        case .expired: throw Problem.invalidRequest("expires_at is past.", pointer: "/expires_at")
        }
    }

    @Sendable private func deleteParticipation(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let sid = try query.identifier("sid")
        try query.finish()
        try await call.requireNoBody()
        let end = ParticipationEnd(
            issuerKey: try call.issuerKey(),
            sessionID: try call.parameter("session_id"),
            clientID: try call.parameter("client_id"),
            sid: sid
        )
        guard try await sessions.end(end, spent: call.spent) > 0 else { throw Problem.notFound }
        return .noContent
    }

    @Sendable private func listSessions(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let before = try query.cursor(Cursor.number)
        var filter = ParticipationFilter()
        filter.sessionID = try query.identifier("session_id")
        filter.sid = try query.identifier("sid")
        filter.sub = try query.identifier("sub")
        filter.userID = try query.identifier("user_id")
        filter.userAgentID = try query.identifier("user_agent_id")
        filter.clientID = try query.identifier("client_id", .clientID)
        try query.finish()
        guard !filter.isEmpty else {
            throw Problem.invalidRequest(
                "The query needs one of session_id, sid, sub, user_id, user_agent_id and client_id."
            )
        }
        let found = try await store.participations(
            filter,
            before: before,
            limit: limit + 1,
            of: call.issuerKey()
        )
        return APIResponse(page: try Page(found, limit: limit) { try call.cursor($0.place) }) {
            $0.participation($1.recorded)
        }
    }
}

extension Call {
    /// A path parameter of a `PUT`, which says what is wrong with it.
    fileprivate func name(_ name: String, _ grammar: Grammar) throws -> String {
        let value = try parameter(name)
        guard grammar.accepts(value) else {
            throw Problem.invalidRequest(grammar.rule, pointer: "/\(name)")
        }
        return value
    }
}
