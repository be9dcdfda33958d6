internal import PostgresClient

/// What the product has in its queue for relying parties, for whoever wants to know why one is not told.
struct PartyLanes {
    private var sentences: [String: String] = [:]

    /// Reads all of it.
    ///
    /// - Throws: `PostgresError`.
    init(_ postgres: ChaosPostgres) throws {
        let connection = try PostgresConnection.connect(postgres.directConfiguration)
        for row in try connection.query(Self.statement) { sentences[try row.text(0)] = try row.text(1) }
    }

    /// A sentence about one party.
    func about(_ party: Int) -> String { "\(party): \(sentences[World.client(party)] ?? "nothing")" }

    private static let statement = PostgresStatement(
        name: "chaos_lanes",
        text: """
            select c.client_id, format('breaker opened %s times, until %s s; %s waiting, %s under a lease, due in %s to %s s', c.breaker_trips,
                round(extract(epoch from nullif(c.breaker_open_until, '-infinity') - now()), 1), count(q.delivery_id), count(*) filter (where q.lease_until > now()),
                round(extract(epoch from min(q.due_at) - now()), 1), round(extract(epoch from max(q.due_at) - now()), 1))
            from lastcall.clients c left join lastcall.delivery_queue q using (client_key) group by c.client_key, c.client_id
            """,
        access: .readOnly
    )
}
