internal import FoundationEssentials
internal import PostgresClient

/// The least that a durable delivery costs Postgres: a queue row in, read by the cursor of its lane, moved into history; in
/// batches, by prepared statements with binary arrays, on one connection, each write committed.
final class BareLifecycle {
    /// Rows of one batch.
    static let batch = 512
    /// Lanes whose rows come in one batch; there are ``laneCount`` in all, and they take turns.
    private static let lanesOfBatch = 16
    private static let laneCount = 200

    private let connection: PostgresConnection
    private var cursors = [(dueAt: Int64, id: UUID)](
        repeating: (0, UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
        count: laneCount
    )
    private var serial: UInt64 = 0
    private var firstLane = 0

    init(on connection: PostgresConnection) throws {
        self.connection = connection
        try connection.execute(
            script: """
                create schema bench_floor;
                create table bench_floor.queue (id uuid not null, lane int4 not null, due_at timestamptz not null default clock_timestamp(),
                    attempt int4 not null default 0, sub text, sid text, primary key (id, lane)) with (fillfactor = 70);
                create index on bench_floor.queue (lane, due_at, id);
                create table bench_floor.history (id uuid not null, lane int4 not null, attempt int4 not null, sub text, sid text,
                    status int2 not null, http_status int2, ended_at timestamptz not null, jti uuid not null, primary key (id, lane, attempt));
                create index on bench_floor.history (lane, ended_at desc);
                """
        )
    }

    private static let insert = PostgresStatement(
        name: "bench_insert",
        text: """
            insert into bench_floor.queue (id, lane, sub, sid)
            select * from unnest($1::uuid[], $2::int4[], $3::text[], $4::text[])
            """
    )
    private static let read = PostgresStatement(
        name: "bench_read",
        text: """
            select q.id, q.lane, q.due_at, q.sub, q.sid from unnest($1::int4[], $2::timestamptz[], $3::uuid[]) as l(lane, at, id)
            cross join lateral (select * from bench_floor.queue q where q.lane = l.lane and (q.due_at, q.id) > (l.at, l.id)
                order by q.due_at, q.id limit $4::int4) q
            """,
        access: .readOnly
    )
    private static let end = PostgresStatement(
        name: "bench_end",
        text: """
            with ended as (
                delete from bench_floor.queue q using unnest($1::uuid[], $2::int4[], $3::uuid[]) as e(id, lane, jti)
                where q.id = e.id and q.lane = e.lane returning q.id, q.lane, q.attempt + 1 as attempt, q.sub, q.sid, e.jti)
            insert into bench_floor.history (id, lane, attempt, sub, sid, status, http_status, ended_at, jti)
            select id, lane, attempt, sub, sid, 1, 200, clock_timestamp(), jti from ended
            """
    )

    /// Takes at least this many rows through their whole life.
    ///
    /// - Returns: CPU microseconds of the backend and of this thread for each.
    /// - Throws: `PostgresError`, or an error where a row got lost.
    func run(_ count: Int) throws -> (backend: Double, client: Double) {
        let batches = max(1, (count + Self.batch - 1) / Self.batch)
        let (backend, client) = (ProcessCPU.microseconds(of: connection.backendPID) ?? 0, Moment.threadCPU)
        for _ in 0..<batches { try runBatch() }
        let rows = Double(batches * Self.batch)
        return (
            ((ProcessCPU.microseconds(of: connection.backendPID) ?? 0) - backend) / rows,
            Double(Moment.threadCPU - client) / 1_000 / rows
        )
    }

    private func runBatch() throws {
        let lanes = (0..<Self.lanesOfBatch).map { (firstLane + $0) % Self.laneCount }
        firstLane = (firstLane + Self.lanesOfBatch) % Self.laneCount
        let ids: [UUID?] = (0..<Self.batch).map { _ in nextID() }
        let quota = Self.batch / Self.lanesOfBatch
        try connection.query(
            Self.insert,
            .uuidArray(ids),
            .int4Array((0..<Self.batch).map { Int32(lanes[$0 / quota]) }),
            .textArray((0..<Self.batch).map { "user-\($0)" }),
            .textArray((0..<Self.batch).map { "s-12345-\($0)" })
        )
        let rows = try connection.query(
            Self.read,
            .int4Array(lanes.map { Int32($0) }),
            .timestampArray(lanes.map { cursors[$0].dueAt }),
            .uuidArray(lanes.map { cursors[$0].id }),
            .int4(Int32(quota))
        )
        var read: [UUID?] = []
        var owners: [Int32?] = []
        for row in rows {
            let (id, lane) = (try row.uuid(0), try row.int4(1))
            cursors[Int(lane)] = (try row.timestamp(2), id)
            read.append(id)
            owners.append(lane)
        }
        guard read.count == Self.batch else { throw BenchmarkError("the bare lifecycle lost rows") }
        try connection.query(Self.end, .uuidArray(read), .int4Array(owners), .uuidArray(ids))
    }

    /// A uuid whose order is that of time, as version 7 has it.
    private func nextID() -> UUID {
        serial += 1
        let tail = UInt64.random(in: 0...UInt64.max)
        return UUID(
            uuid: (
                0x01, 0x99, UInt8(serial >> 40 & 0xFF), UInt8(serial >> 32 & 0xFF),
                UInt8(serial >> 24 & 0xFF),
                UInt8(serial >> 16 & 0xFF), 0x70 | UInt8(serial >> 12 & 0xF), UInt8(serial >> 4 & 0xFF),
                0x80 | UInt8(serial << 2 & 0x3C), UInt8(tail & 0xFF), UInt8(tail >> 8 & 0xFF),
                UInt8(tail >> 16 & 0xFF),
                UInt8(tail >> 24 & 0xFF), UInt8(tail >> 32 & 0xFF), UInt8(tail >> 40 & 0xFF),
                UInt8(tail >> 48 & 0xFF)
            )
        )
    }
}
