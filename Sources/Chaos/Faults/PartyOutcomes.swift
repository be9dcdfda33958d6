internal import PostgresClient

/// What attempts at relying parties have met, as the product wrote it down.
struct PartyOutcomes {
    private var counts: [String: [String: Int]] = [:]

    /// Reads all of it.
    ///
    /// - Throws: `PostgresError`.
    init(_ postgres: ChaosPostgres) throws {
        let connection = try PostgresConnection.connect(postgres.directConfiguration)
        for row in try connection.query(Self.statement) {
            counts[try row.text(0), default: [:]][try row.text(1)] = Int(try row.int8(2))
        }
    }

    /// The outcomes at some parties, and how often each came.
    func of(_ parties: some Sequence<Int>) -> [String: Int] {
        parties.reduce(into: [:]) { sum, party in
            sum.merge(counts[World.client(party)] ?? [:]) { $0 + $1 }
        }
    }

    private static let statement = PostgresStatement(
        name: "chaos_outcomes",
        text: """
            select d.client_id, a.outcome::text, count(*) from lastcall.attempts a
            join (select delivery_id, client_id from lastcall.deliveries union all
                select q.delivery_id, c.client_id from lastcall.delivery_queue q join lastcall.clients c using (client_key)) d using (delivery_id)
            group by 1, 2
            """,
        access: .readOnly
    )
}
