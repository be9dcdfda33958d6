internal import Glibc
internal import PostgresClient
internal import Synchronization
internal import Threads

/// Looks at deliveries as they end, and again at each of them in the end: an end never goes back.
final class EndWatcher: Sendable {
    private struct Seen: Hashable {
        let status: String
        let endedAt: Int64
    }

    private struct State {
        var ends: [String: Seen] = [:]
        var wentBack: [String] = []
        var isStopped = false
        var hasStopped = false
    }

    private let state = Mutex(State())
    private let postgres: ChaosPostgres

    /// Starts to look, on a thread of its own.
    ///
    /// - Throws: where the machine has no thread.
    init(_ postgres: ChaosPostgres) throws {
        self.postgres = postgres
        try DedicatedThread.start(named: "end-watcher") { [self] in
            var reader: PostgresConnection?
            var last: Int64 = 0
            while !state.withLock({ $0.isStopped }) {
                do {
                    let connection = try reader ?? PostgresConnection.connect(postgres.directConfiguration)
                    reader = connection
                    last = try look(connection, since: last)
                } catch {
                    // The database is away: what ended meanwhile is found when it is back.
                    reader = nil
                }
                usleep(200_000)
            }
            state.withLock { $0.hasStopped = true }
        }
    }

    /// Ends the looking.
    func stop() async {
        state.withLock { $0.isStopped = true }
        while state.withLock({ !$0.hasStopped }) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// What went back, up to these rows.
    ///
    /// - Parameter deliveries: what the database has in the end.
    /// - Returns: a line for each.
    func findings(_ deliveries: [DeliveryRow]) -> [String] {
        let now = Dictionary(deliveries.map { ($0.id, $0) }) { first, _ in first }
        return state.withLock { state in
            let changed = state.ends.compactMap { id, seen -> String? in
                guard let row = now[id] else { return "\(id): \(seen.status), then gone" }
                guard row.status != seen.status || row.endedAt != seen.endedAt else { return nil }
                return "\(id): \(seen.status), then \(row.status)"
            }
            return (state.wentBack + changed).sorted()
        }
    }

    /// A backlog of a few seconds is looked at twice: rows that commit late end earlier than they are seen.
    private func look(_ connection: PostgresConnection, since last: Int64) throws -> Int64 {
        var latest = last
        let rows = try connection.query(Self.ends, .int8(last == 0 ? 0 : last - 3_000_000))
        for row in rows {
            let (id, seen) = (try row.text(0), Seen(status: try row.text(1), endedAt: try row.timestamp(2)))
            latest = max(latest, seen.endedAt)
            state.withLock { state in
                if let before = state.ends[id], before != seen {
                    state.wentBack.append("\(id): \(before.status), then \(seen.status)")
                }
                state.ends[id] = seen
            }
        }
        return latest
    }

    private static let ends = PostgresStatement(
        name: "chaos_ends",
        text:
            "select delivery_id::text, status::text, ended_at from lastcall.deliveries where ended_at >= to_timestamp($1::int8 / 1e6)",
        access: .readOnly
    )
}
