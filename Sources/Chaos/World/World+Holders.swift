package import PostgresClient

extension World {
    /// Opens a connection to the cluster, never through the proxy.
    ///
    /// - Returns: the connection, for this task.
    /// - Throws: `PostgresError`.
    package func connect() throws -> PostgresConnection {
        try PostgresConnection.connect(postgres.directConfiguration)
    }

    /// Who has a lease on what is to go to some relying parties now.
    ///
    /// - Parameter parties: which.
    /// - Returns: the members, with the `sid` of each delivery that they hold.
    /// - Throws: `PostgresError`.
    package func holders(of parties: some Sequence<Int>) throws -> [(member: Member, sids: [String])] {
        let names = parties.map { Self.client($0) }
        let rows = try connect().query(Self.held, .textArray(names))
        var sids: [Int32: [String]] = [:]
        for row in rows {
            guard let pid = try row.text(0).split(separator: "-").last.flatMap({ Int32($0) }) else {
                continue
            }
            sids[pid, default: []].append(try row.optionalText(1) ?? "")
        }
        return fleet.workers.compactMap { member in sids[member.pid].map { (member, $0) } }
            .sorted { $0.sids.count > $1.sids.count }
    }

    /// Waits until a worker holds something that is to go to some relying parties.
    ///
    /// - Parameter parties: which.
    /// - Returns: the one that holds the most, and what it holds.
    /// - Throws: where nobody does within a minute.
    package func holder(of parties: some Sequence<Int>) async throws -> (member: Member, sids: [String]) {
        let parties = Array(parties)
        var found: (member: Member, sids: [String])?
        try await wait(for: "a lease on what goes to \(parties)") {
            found = try holders(of: parties).first
            return found != nil
        }
        guard let found else { throw ChaosError("nobody holds what goes to \(parties)") }
        return found
    }

    /// Waits until relying parties have received each of these sessions' logouts.
    ///
    /// - Parameter sids: the sessions.
    /// - Throws: where they have not within a minute.
    package func waitForPosts(of sids: [String]) async throws {
        let book = PostBook()
        try await wait(for: "the POSTs of \(sids)") {
            Set(book.read(parties).map(\.sid)).isSuperset(of: sids)
        }
    }

    /// How many POSTs of each session's logout have come.
    package func postCounts() -> [String: Int] {
        Dictionary(grouping: PostBook().read(parties), by: \.sid).mapValues(\.count)
    }

    private static let held = PostgresStatement(
        name: "chaos_held",
        text: """
            select w.name, q.sid from lastcall.delivery_queue q
            join lastcall.clients c using (client_key) join lastcall.workers w using (worker_key)
            where c.client_id = any($1::text[]) and q.lease_until > now()
            """,
        access: .readOnly
    )
}
