import DeliveryPolicy
import LogoutModel
import StrictJSON

extension RedeliveryRequest {
    /// Reads and checks the body of `POST .../redeliveries`.
    init(reading body: ObjectReader, actor: String) throws {
        var body = body
        var members = try body.object("filter")
        let filter = RedeliveryFilter(
            clientID: try members.identifier("client_id", .clientID),
            statuses: try members.statuses(),
            reasons: try members.reasons(),
            createdAfter: try members.time("created_after"),
            createdBefore: try members.time("created_before")
        )
        try members.finish()
        guard let filter else {
            throw Problem.invalidRequest("The filter is empty: name at least one member.", pointer: "/filter")
        }
        self.init(filter, actor: actor)
        isDryRun = try body.optionalBool("dry_run") ?? false
        deliverWithinSeconds = try body.optionalInt(
            "deliver_within_seconds",
            DeliveryOverrides.deliverWithinRange
        )
        if let rate = try body.optionalInt("rate_per_second", RedeliveryRequest.ratePerSecondRange) {
            ratePerSecond = rate
        }
        try body.finish()
    }
}

extension ObjectReader {
    fileprivate mutating func statuses() throws -> [DeliveryStatus] {
        try words("status").map { text, pointer in
            guard let status = RedeliveryFilter.redeliverable.first(where: { sameBytes($0.rawValue, text) })
            else {
                throw JSONError.member(
                    pointer: pointer,
                    problem: .notAllowed(allowed: RedeliveryFilter.redeliverable.map(\.rawValue))
                )
            }
            return status
        }
    }

    fileprivate mutating func reasons() throws -> [EndReason] {
        try words("reason").map { text, pointer in
            guard let reason = EndReason.allCases.first(where: { sameBytes($0.rawValue, text) }) else {
                throw JSONError.member(
                    pointer: pointer,
                    problem: .notAllowed(allowed: EndReason.allCases.map(\.rawValue))
                )
            }
            return reason
        }
    }

    /// A word, or an array of words, each with its place in the document; none where the member is absent or null.
    private mutating func words(_ name: String) throws -> [(text: String, pointer: String)] {
        let place = "\(pointer)/\(name)"
        switch value(name) {
        case nil, .null: return []
        case .string(let text): return [(text, place)]
        case .array(let elements):
            guard elements.count <= EndReason.allCases.count else {
                throw error(name, .tooMany(maximumCount: EndReason.allCases.count))
            }
            return try elements.enumerated().map { index, element in
                guard case .string(let text) = element else {
                    throw JSONError.member(
                        pointer: "\(place)/\(index)",
                        problem: .wrongType(expected: .string)
                    )
                }
                return (text, "\(place)/\(index)")
            }
        default: throw error(name, .wrongType(expected: .string))
        }
    }

    fileprivate mutating func time(_ name: String) throws -> Timestamp? {
        guard let text = try optionalString(name, maximumBytes: 64) else { return nil }
        guard let time = Timestamp(text: text) else {
            throw Problem.invalidRequest(
                "\(name) must be an RFC 3339 time, for example 2026-11-21T02:35:00Z.",
                pointer: "\(pointer)/\(name)"
            )
        }
        return time
    }
}
