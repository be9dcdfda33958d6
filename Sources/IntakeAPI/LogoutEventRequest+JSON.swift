import DeliveryPolicy
import LogoutModel
import LogoutTokens
import StrictJSON

/// The members of a filter; they come with the session registry.
private let filterMembers = ["session_id", "sid", "sub", "user_id", "user_agent_id", "client_id"]

extension LogoutEventRequest {
    /// The most targets in one call.
    static let maximumTargets = 10_000
    /// More targets than this make an event a bulk one.
    static let interactiveTargets = 1_000

    /// Reads and checks the body and the headers of the intake.
    init(reading body: ObjectReader, of call: Call, issuer: Int32) throws {
        var body = body
        let targets = try Self.targets(&body)
        self.init(issuerKey: issuer, targets: targets, actor: call.principal.actor)
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
        priority = targets.count > Self.interactiveTargets ? .bulk : asked ?? .interactive
        try body.finish()
        traceID = TraceParent.traceID(call.request.values(of: "traceparent"))
        if let key = try call.request.single("idempotency-key") {
            guard Grammar.idempotencyKey.accepts(key) else {
                throw Problem.invalidRequest("Idempotency-Key: \(Grammar.idempotencyKey.rule)")
            }
            idempotency = Idempotency(
                keyHash: Digests.sha256(Array(key.utf8)),
                bodyHash: Digests.sha256(meaning())
            )
        }
    }

    private static func targets(_ body: inout ObjectReader) throws -> [LogoutTarget] {
        if let member = filterMembers.first(where: body.has) {
            guard !body.has("targets") else {
                throw Problem.invalidScope("The scope is either targets or a filter, not both.")
            }
            throw Problem.invalidRequest(
                "Filters on recorded participations are not available in this version; send targets.",
                pointer: "/\(member)"
            )
        }
        guard body.has("targets") else { throw Problem.invalidScope("The scope is missing: send targets.") }
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

    /// What the body says, whatever its spelling: equal for two bodies that ask for the same.
    private func meaning() -> [UInt8] {
        let ordered = targets.map { [$0.clientID, $0.sub ?? "\u{1}", $0.sid ?? "\u{1}"] }
            .sorted {
                $0.lexicographicallyPrecedes($1) { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            }
        var writer = JSONWriter(reservingCapacity: 64 + 64 * targets.count)
        writer.object { writer in
            writer.arrayMember("targets") { writer in
                for target in ordered { writer.array { for part in target { $0.string(part) } } }
            }
            writer.member("initiator", initiator.rawValue)
            writer.member("initiating_client_id", initiatingClientID)
            writer.member("exclude", excludesInitiatingClient)
            writer.member("session_durability", sessionDurability?.rawValue)
            writer.member("priority", priority.rawValue)
            switch deadline {
            case .within(let seconds): writer.member("within", seconds)
            case .before(let time): writer.member("before", time.microseconds)
            case nil: break
            }
        }
        return writer.bytes
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
