public import StrictJSON

/// The delivery policy as a JSON object: only the members that somebody set.
extension DeliveryOverrides {
    /// Reads the object that a member holds; an absent one sets nothing.
    ///
    /// - Parameters:
    ///   - name: the member's name.
    ///   - body: the object that has it.
    /// - Throws: ``JSONError`` with the pointer of the member at fault.
    public init(readingMember name: String, of body: inout ObjectReader) throws(JSONError) {
        guard var reader = try body.optionalObject(name) else {
            self = .none
            return
        }
        try self.init(reading: &reader)
    }

    /// Reads the text of a stored object.
    ///
    /// - Throws: ``JSONError``.
    public init(stored text: String) throws(JSONError) {
        var reader = try ObjectReader(JSON.parse(Array(text.utf8), maximumBytes: 65_536))
        try self.init(reading: &reader)
    }

    private init(reading reader: inout ObjectReader) throws(JSONError) {
        let timeout = try reader.optionalDouble(
            Member.attemptTimeoutSeconds.rawValue,
            Self.attemptTimeoutRange
        )
        let within = try reader.optionalInt(Member.deliverWithinSeconds.rawValue, Self.deliverWithinRange)
        let attempts = try reader.optionalInt(Member.maxAttempts.rawValue, Self.maxAttemptsRange)
        let inFlight = try reader.optionalInt(Member.maxInFlight.rawValue, Self.maxInFlightRange)
        let waits = try reader.optionalDoubleArray(
            Member.retryWaitsSeconds.rawValue,
            maximumCount: Self.retryWaitCount.upperBound,
            Self.retryWaitRange
        )
        let cap = try reader.optionalInt(Member.retryAfterCapSeconds.rawValue, Self.retryAfterCapRange)
        let lifetime = try reader.optionalInt(Member.tokenLifetimeSeconds.rawValue, Self.tokenLifetimeRange)
        try reader.finish()
        do {
            try self.init(
                attemptTimeoutSeconds: timeout,
                deliverWithinSeconds: within,
                maxAttempts: attempts,
                maxInFlight: inFlight,
                retryWaitsSeconds: waits,
                retryAfterCapSeconds: cap,
                tokenLifetimeSeconds: lifetime
            )
        } catch {
            // Every range was checked above; what is left is an empty list of waits.
            throw reader.error(Member.retryWaitsSeconds.rawValue, .empty)
        }
    }

    /// The object, with the members that are set.
    public var json: String {
        var writer = JSONWriter(reservingCapacity: 128)
        writer.object { writer in
            if let attemptTimeoutSeconds {
                writer.member(Member.attemptTimeoutSeconds.rawValue, attemptTimeoutSeconds)
            }
            if let deliverWithinSeconds {
                writer.member(Member.deliverWithinSeconds.rawValue, deliverWithinSeconds)
            }
            if let maxAttempts { writer.member(Member.maxAttempts.rawValue, maxAttempts) }
            if let maxInFlight { writer.member(Member.maxInFlight.rawValue, maxInFlight) }
            if let retryWaitsSeconds {
                writer.arrayMember(Member.retryWaitsSeconds.rawValue) { writer in
                    for wait in retryWaitsSeconds { writer.double(wait) }
                }
            }
            if let retryAfterCapSeconds {
                writer.member(Member.retryAfterCapSeconds.rawValue, retryAfterCapSeconds)
            }
            if let tokenLifetimeSeconds {
                writer.member(Member.tokenLifetimeSeconds.rawValue, tokenLifetimeSeconds)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
