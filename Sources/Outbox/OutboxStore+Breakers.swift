import PostgresClient

extension OutboxStore {
    /// Opens a client's breaker, with its audit event.
    ///
    /// - Parameters:
    ///   - client: the client's row.
    ///   - trips: how often it has opened since it was closed, as the caller knows it; the fence.
    ///   - duration: for how long.
    ///   - failures: how many failures in a row the caller has seen.
    /// - Returns: how often it has opened now; `nil` where another process was first.
    /// - Throws: ``PostgresError``.
    public func openBreaker(of client: Int32, trips: Int, for duration: Duration, failures: Int) async throws
        -> Int?
    {
        let seconds = Double(duration.wholeMicroseconds) / 1_000_000
        return try await perform { connection in
            try connection.query(
                .breakerOpen,
                .int4(client),
                .int4(Int32(clamping: trips)),
                .float8(seconds),
                .int4(Int32(clamping: failures))
            ).first.map { Int(try $0.int4(0)) }
        }
    }

    /// Closes a client's breaker, with its audit event; what waits for the client is left to ``rouse(limit:)`` and to
    /// claims, which replay the time since it opened: in as long as that was, or as `replayRate` needs, or half of what the
    /// first deadline leaves, whichever is shortest.
    ///
    /// - Parameters:
    ///   - client: the client's row.
    ///   - trips: how often it has opened since it was closed, as the caller knows it; the fence.
    ///   - replayRate: deliveries a second that are sent at least of what waits.
    /// - Returns: whether it was this call that closed it.
    /// - Throws: ``PostgresError``.
    public func closeBreaker(of client: Int32, trips: Int, replayRate: Int) async throws -> Bool {
        try await perform { connection in
            try connection.query(
                .breakerClose,
                .int4(client),
                .int4(Int32(clamping: trips)),
                .float8(Double(max(1, replayRate)))
            ).first != nil
        }
    }

    /// Makes retries due that wait for a client whose breaker has closed. A step of bounded size; the row of the client
    /// remembers that there is more, so any process may make the next one.
    ///
    /// `limit`: at most this many of each priority.
    /// - Returns: the client; `nil` where no client has anything left.
    public func rouse(limit: Int = 500) async throws -> Int32? {
        try await perform { connection in
            try connection.query(.rouse, .int4(Int32(limit))).first.map { try $0.int4(0) }
        }
    }
}
