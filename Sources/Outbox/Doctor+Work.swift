import PostgresClient

/// Whether the work is done: the queue, the partitions, the chores, the leases, the seals.
extension Doctor {
    /// Waiting deliveries are counted so far.
    private static let maximumCounted: Int64 = 5_000_000
    /// Unsealed events of one issuer are counted so far.
    private static let maximumUnsealed: Int32 = 100_000

    func queue() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorQueue, .int8(Self.maximumCounted)) { columns in
            (
                dead: try columns.optionalInt8() ?? 0, live: try columns.optionalInt8() ?? 0,
                vacuumed: try columns.optionalFloat8(), isVacuumed: try columns.bool(),
                waiting: try columns.int8(), late: try columns.optionalFloat8()
            )
        }
        guard let queue = found.first else { throw OutboxError.notFound }
        let vacuumed = queue.vacuumed.map { "vacuumed \($0.asTime) ago" } ?? "never vacuumed"
        let dead = DoctorFinding(
            .queueBloat,
            Double(queue.dead),
            limits.deadRows,
            "\(queue.dead) dead rows beside \(queue.live) live ones, \(vacuumed)",
            "See snapshot, prepared_transactions and replication_slots; then vacuum lastcall.delivery_queue."
        )
        let bloat =
            queue.isVacuumed
            ? dead
            : DoctorFinding(
                .queueBloat,
                .error,
                "autovacuum is switched off for lastcall.delivery_queue",
                "alter table lastcall.delivery_queue reset (autovacuum_enabled)"
            )
        let late = queue.late ?? 0
        return [
            bloat,
            DoctorFinding(
                .queueDepth,
                Double(queue.waiting),
                limits.waiting,
                "\(queue.waiting) deliveries have not ended",
                "See breakers and held_clients; where neither explains it, start more workers."
            ),
            DoctorFinding(
                .queueDelay,
                late,
                limits.delaySeconds,
                queue.late.map { "the oldest that may be sent has been due for \($0.asTime)" }
                    ?? "none that may be sent is due",
                "See whether workers run (/readyz of each) and sign (clock, signing_keys); else start more."
            ),
        ]
    }

    func partitions() async throws -> [DoctorFinding] {
        let states = try await store.partitions(within: Self.patience)
        let least = states.min { $0.daysAhead < $1.daysAhead }
        let days = least?.daysAhead ?? -1
        let filled = states.filter { $0.defaultRows > 0 }.map { state in
            let more = state.defaultRows >= OutboxStore.maximumCountedDefaults ? " or more" : ""
            return "\(state.defaultRows)\(more) in \(state.table)_default"
        }
        let wanted = settings.partitionDaysAhead
        return [
            DoctorFinding(
                .partitionHorizon,
                days < 1 ? .error : days < wanted ? .warning : .ok,
                "\(least?.table ?? "the history") is prepared for \(days) days after today, of \(wanted)",
                "See why no worker does it: its log says \"partitions cannot be kept ahead\"."
            ),
            DoctorFinding(
                .defaultPartitions,
                filled.isEmpty ? .ok : .warning,
                filled.isEmpty ? "empty" : filled.joined(separator: ", "),
                "Workers move them once their day has its partition; rows of other days show a clock that was wrong."
            ),
        ]
    }

    func chores() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorChores) { columns in
            (
                name: try columns.text(), done: try columns.optionalFloat8(),
                overdue: try columns.optionalFloat8()
            )
        }
        return found.compactMap { chore in
            guard let kind = Chore(rawValue: chore.name) else { return nil }
            let overdue = max(chore.overdue ?? 0, 0)
            return DoctorFinding(
                kind == .retention ? .retention : .statistics,
                overdue,
                limits.choreSeconds,
                (chore.done.map { "done \($0.asTime) ago" } ?? "not done yet")
                    + (overdue > 0 ? ", due for \(overdue.asTime)" : ""),
                "A worker does it; see whether one runs, and its log."
            )
        }
    }

    func leases() async throws -> [DoctorFinding] {
        let lease = settings.lease.inSeconds
        let room = (settings.lease - settings.leaseMargin).inSeconds
        let statement = settings.statementTimeout.inSeconds
        let found = try await rows(.doctorLeases, .float8(room)) { columns in
            (
                seconds: try columns.optionalFloat8() ?? 0, issuer: try columns.text(),
                client: try columns.optionalText(), count: try columns.int8()
            )
        }
        var figure = "a lease lasts \(lease.asTime), a statement at most \(statement.asTime)"
        if let longest = found.first {
            let who = longest.client.map { "\(longest.issuer)/\($0)" } ?? longest.issuer
            figure += "; the longest attempt is that of \(who), \(longest.seconds.asTime)"
            if longest.count > 0 { figure += "; \(longest.count) ask for more than the lease has room for" }
        }
        return [
            DoctorFinding(
                .leases,
                statement > lease ? .warning : .ok,
                figure,
                "Keep database_statement_timeout_seconds within lease_seconds: an outcome that is written later is fenced out, and its RP called again."
            )
        ]
    }

    func auditSeals() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorAudit, .int4(Self.maximumUnsealed)) { columns in
            (count: try columns.int8(), seconds: try columns.optionalFloat8())
        }
        guard let unsealed = found.first else { throw OutboxError.notFound }
        let seconds = unsealed.seconds ?? 0
        return [
            DoctorFinding(
                .auditSeals,
                seconds,
                limits.unsealedSeconds,
                unsealed.count == 0
                    ? "every event is sealed"
                    : "\(unsealed.count) events are not sealed, the oldest is \(seconds.asTime) old",
                "Workers seal; a transaction that stays open anywhere in the cluster holds them up: see snapshot."
            )
        ]
    }
}
