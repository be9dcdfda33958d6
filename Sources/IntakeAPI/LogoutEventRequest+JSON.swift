import DeliveryPolicy
import LogoutModel
import LogoutTokens
import StrictJSON

extension LogoutEventRequest {
    /// The most targets in one call.
    static let maximumTargets = 10_000
    /// More targets than this make an event a bulk one.
    static let interactiveTargets = 1_000

    /// Reads and checks the body and the headers of the intake.
    init(reading body: ObjectReader, of call: Call, issuer: Int32) throws {
        var body = body
        let scope = try Self.scope(&body)
        if case .filter(let filter) = scope, filter.isClientAlone, !call.principal.scopes.contains(.operate) {
            throw Problem.insufficientScope("operate, to log everyone out of one client")
        }
        self.init(issuerKey: issuer, scope: scope, actor: call.principal.actor)
        initiator = try body.optionalEnumeration("initiator", of: Initiator.self) ?? .idpLogout
        initiatingClientID = try body.identifier("initiating_client_id", .clientID)
        excludesInitiatingClient = try body.optionalBool("exclude_initiating_client") ?? false
        guard initiatingClientID != nil || !excludesInitiatingClient else {
            throw Problem.invalidRequest(
                "exclude_initiating_client needs initiating_client_id.",
                pointer: "/exclude_initiating_client"
            )
        }
        sessionDurability = try body.optionalEnumeration("session_durability", of: SessionDurability.self)
        deadline = try Self.deadline(&body)
        let asked = try body.optionalEnumeration("priority", of: Priority.self)
        priority = scope.targets.count > Self.interactiveTargets ? .bulk : asked ?? .interactive
        try body.finish()
        trace = call.trace ?? TraceParent.context(call.request.values(of: "traceparent"))
        if let key = try call.request.single("idempotency-key") {
            guard Grammar.idempotencyKey.accepts(key) else {
                throw Problem.invalidRequest("Idempotency-Key: \(Grammar.idempotencyKey.rule)")
            }
            idempotencyKeyHash = Digests.sha256(Array(key.utf8))
        }
    }

    /// Either targets or a filter.
    private static func scope(_ body: inout ObjectReader) throws -> LogoutScope {
        let filter = try filter(&body)
        guard body.has("targets") else {
            guard !filter.isEmpty else {
                throw Problem.invalidScope(
                    "The scope is missing: send targets, or a filter such as session_id."
                )
            }
            return .filter(filter)
        }
        guard filter.isEmpty else {
            throw Problem.invalidScope("The scope is either targets or a filter, not both.")
        }
        return .targets(try targets(&body))
    }

    private static func filter(_ body: inout ObjectReader) throws -> ParticipationFilter {
        var filter = ParticipationFilter()
        filter.sessionID = try body.identifier("session_id", .identifier)
        filter.sid = try body.identifier("sid", .identifier)
        filter.sub = try body.identifier("sub", .identifier)
        filter.userID = try body.identifier("user_id", .identifier)
        filter.userAgentID = try body.identifier("user_agent_id", .identifier)
        filter.clientID = try body.identifier("client_id", .clientID)
        return filter
    }

    private static func targets(_ body: inout ObjectReader) throws -> [LogoutTarget] {
        var seen: Set<LogoutTarget> = []
        var targets: [LogoutTarget] = []
        for var reader in try body.objects("targets", maximumCount: maximumTargets) {
            guard let clientID = try reader.identifier("client_id", .clientID) else {
                throw reader.error("client_id", .missing)
            }
            let target = LogoutTarget(
                clientID: clientID,
                sub: try reader.identifier("sub", .identifier),
                sid: try reader.identifier("sid", .identifier)
            )
            try reader.finish()
            guard target.sub != nil || target.sid != nil else {
                throw Problem.invalidRequest("A target needs sub or sid.", pointer: reader.pointer)
            }
            if seen.insert(target).inserted { targets.append(target) }
        }
        return targets
    }

    private static func deadline(_ body: inout ObjectReader) throws -> Deadline? {
        let range = DeliveryOverrides.deliverWithinRange
        let within = try body.optionalInt("deliver_within_seconds", range)
        guard let text = try body.optionalString("deliver_before", maximumBytes: 64) else {
            return within.map { .within(seconds: Double($0)) }
        }
        guard within == nil else {
            throw Problem.invalidRequest(
                "deliver_before and deliver_within_seconds exclude each other.",
                pointer: "/deliver_before"
            )
        }
        guard let time = Timestamp(text: text) else {
            throw Problem.invalidRequest(
                "deliver_before must be an RFC 3339 time.",
                pointer: "/deliver_before"
            )
        }
        return .before(time)
    }
}

extension ObjectReader {
    /// A member with a grammar of its own; `nil` where it is absent or null.
    mutating func identifier(_ name: String, _ grammar: Grammar) throws -> String? {
        guard let value = try optionalString(name, maximumBytes: 255, text: .free) else { return nil }
        guard grammar.accepts(value) else { throw error(name, .breaksRule(grammar.rule)) }
        return value
    }
}
