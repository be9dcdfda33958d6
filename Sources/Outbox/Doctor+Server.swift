import LogoutModel
import PostgresClient

/// What the server is and who holds it up.
extension Doctor {
    private struct Server {
        var clock = Timestamp(microseconds: 0)
        var synchronousCommit = ""
        var synchronousNames = ""
        var fsync = false
        var fullPageWrites = false
        var autovacuum = false
        var trackCounts = false
        var maximumConnections = 0
        var connections = 0
        var checkpointSeconds: Double?
        var timed: Int64 = 0
        var requested: Int64 = 0
    }

    func server() async throws -> [DoctorFinding] {
        let begin = now()
        let found = try await rows(.doctorServer) { columns in
            var server = Server()
            server.clock = try columns.time()
            columns.skip(1)
            server.synchronousCommit = try columns.text()
            server.synchronousNames = try columns.text()
            server.fsync = try columns.bool()
            server.fullPageWrites = try columns.bool()
            server.autovacuum = try columns.bool()
            server.trackCounts = try columns.bool()
            server.maximumConnections = try columns.int()
            server.connections = try columns.int()
            server.checkpointSeconds = try columns.optionalFloat8()
            server.timed = try columns.int8()
            server.requested = try columns.int8()
            return server
        }
        guard let server = found.first else { throw OutboxError.notFound }
        let health = try await store.health(within: Self.patience)
        return [
            clock(server, between: begin, and: now()), durability(server, health), crashSafety(server),
            autovacuum(server), connections(server), checkpoints(server),
        ]
    }

    /// The database's clock was read between the two instants: what lies outside of them is skew.
    private func clock(_ server: Server, between begin: Timestamp, and end: Timestamp) -> DoctorFinding {
        let early = Double(begin.microseconds - server.clock.microseconds) / 1e6
        let late = Double(server.clock.microseconds - end.microseconds) / 1e6
        let skew = max(early, late, 0)
        let limit = settings.clockSkewLimit.inSeconds
        return DoctorFinding(
            .clock,
            skew,
            Threshold(warning: min(1, limit / 2), error: limit),
            "this machine and the database are \(skew.asTime) apart; from \(limit.asTime) on nothing is signed",
            "Let NTP keep the clocks of both (chronyc tracking)."
        )
    }

    private func durability(_ server: Server, _ health: DatabaseHealth) -> DoctorFinding {
        let names = server.synchronousNames.isEmpty ? "none" : server.synchronousNames
        let figure =
            "synchronous_commit is \(server.synchronousCommit), synchronous standbys: \(names), durability \(health.durability.rawValue)"
        if server.synchronousCommit == "off" {
            let remedy = "Set synchronous_commit to on: accepted logouts are lost when the server crashes."
            return DoctorFinding(.durability, .error, figure, remedy)
        }
        return DoctorFinding(
            .durability,
            health.durability == .asyncRisk ? .warning : .ok,
            figure,
            "Name the standbys in synchronous_standby_names, or a failover loses what was accepted last."
        )
    }

    private func crashSafety(_ server: Server) -> DoctorFinding {
        DoctorFinding(
            .crashSafety,
            server.fsync && server.fullPageWrites ? .ok : .error,
            "fsync is \(server.fsync ? "on" : "off"), full_page_writes \(server.fullPageWrites ? "on" : "off")",
            "Set both to on: without them a crash of the machine can destroy the database."
        )
    }

    private func autovacuum(_ server: Server) -> DoctorFinding {
        DoctorFinding(
            .autovacuum,
            server.autovacuum && server.trackCounts ? .ok : .error,
            "autovacuum is \(server.autovacuum ? "on" : "off"), track_counts \(server.trackCounts ? "on" : "off")",
            "Set both to on: the queue churns, and grows without end otherwise."
        )
    }

    private func connections(_ server: Server) -> DoctorFinding {
        let share = Double(server.connections) / Double(max(1, server.maximumConnections))
        return DoctorFinding(
            .connections,
            share,
            limits.connectionShare,
            "\(server.connections) of \(server.maximumConnections) connections are in use",
            "Lower database_pool_size, raise max_connections, or put pgbouncer between."
        )
    }

    private func checkpoints(_ server: Server) -> DoctorFinding {
        let seconds = server.checkpointSeconds ?? .infinity
        let isForced = server.requested > server.timed && server.requested >= 10
        return DoctorFinding(
            .checkpoints,
            isForced && seconds < limits.checkpointSeconds ? .warning : .ok,
            "\(server.timed) by the clock, \(server.requested) asked for"
                + (seconds.isFinite ? ", one in \(seconds.asTime)" : ""),
            "Raise max_wal_size: each checkpoint makes the next writes of every page dearer."
        )
    }

    func standbys() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorStandbys) { columns in
            let name = try columns.optionalText() ?? ""
            let state = try columns.optionalText()
            columns.skip(1)
            return (
                name: name, isHidden: state == nil,
                lag: (try columns.optionalInt8(), try columns.optionalFloat8())
            )
        }
        guard let worst = found.first else {
            return [DoctorFinding(.standbys, .ok, "no standby is connected")]
        }
        if found.contains(where: \.isHidden) {
            return [
                DoctorFinding(
                    .standbys,
                    .unknown,
                    "\(found.count) connected, how far behind may not be seen",
                    "grant pg_read_all_stats to Lastcall's database user."
                )
            ]
        }
        let seconds = found.compactMap(\.lag.1).max() ?? 0
        let bytes = worst.lag.0 ?? 0
        return [
            DoctorFinding(
                .standbys,
                seconds,
                limits.standbySeconds,
                "\(found.count) connected, the last one \(worst.name) \(bytes) bytes and \(seconds.asTime) behind",
                "See what holds the standby up; a failover to it waits for that, or loses it."
            )
        ]
    }

    private struct Holder {
        let kind: String
        let name: String
        let application: String
        let user: String
        let state: String
        let seconds: Double?
        let transactions: Int
    }

    func holders() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorHolders) { columns in
            Holder(
                kind: try columns.text(),
                name: try columns.text(),
                application: try columns.optionalText() ?? "",
                user: try columns.optionalText() ?? "",
                state: try columns.optionalText() ?? "hidden",
                seconds: try columns.optionalFloat8(),
                transactions: try columns.optionalInt() ?? 0
            )
        }
        func first(_ kind: String) -> Holder? { found.first { $0.kind == kind } }
        return [
            snapshot(first("session"), hidden: first("hidden")), prepared(first("prepared")),
            slot(first("slot")),
        ]
    }

    private func snapshot(_ holder: Holder?, hidden: Holder?) -> DoctorFinding {
        let remark =
            hidden.map { "; the times of \($0.name) sessions may not be seen: grant pg_read_all_stats" } ?? ""
        guard let holder else { return DoctorFinding(.snapshot, .ok, "no session holds one\(remark)") }
        let who = "pid \(holder.name) (\(holder.application), user \(holder.user), \(holder.state))"
        guard let seconds = holder.seconds else {
            return DoctorFinding(
                .snapshot,
                .unknown,
                "\(who) has held one for \(holder.transactions) transactions\(remark)",
                "grant pg_read_all_stats to Lastcall's database user."
            )
        }
        return DoctorFinding(
            .snapshot,
            seconds,
            limits.holderSeconds,
            "\(who) has held one for \(seconds.asTime), \(holder.transactions) transactions\(remark)",
            "End it: select pg_terminate_backend(\(holder.name)). Until then no dead row of the queue is removed."
        )
    }

    private func prepared(_ holder: Holder?) -> DoctorFinding {
        guard let holder else { return DoctorFinding(.preparedTransactions, .ok, "none") }
        let seconds = holder.seconds ?? 0
        return DoctorFinding(
            .preparedTransactions,
            seconds,
            limits.holderSeconds,
            "\(holder.name) of user \(holder.user) has waited for \(seconds.asTime), \(holder.transactions) transactions",
            "End it in the database \(holder.application): rollback prepared '\(holder.name)'. It holds back vacuum and the audit stream."
        )
    }

    private func slot(_ holder: Holder?) -> DoctorFinding {
        guard let holder else { return DoctorFinding(.replicationSlots, .ok, "none") }
        return DoctorFinding(
            .replicationSlots,
            Double(holder.transactions),
            limits.slotTransactions,
            "\(holder.name) (\(holder.application), \(holder.state)) holds back \(holder.transactions) transactions",
            "Let its reader come back, or drop it: select pg_drop_replication_slot('\(holder.name)')."
        )
    }
}
