public import AuditTrail
public import FoundationEssentials
import LogoutModel
import PostgresClient

/// What only the console shows. Every look is bounded by ``ConsoleBounds``.
extension OutboxStore {
    /// How an issuer's queue stands.
    public func queueFigures(of issuer: Int32) async throws -> QueueFigures {
        let found = try await consoleRows(
            .consoleOverview,
            of: issuer,
            .int4(Int32(ConsoleBounds.queueRows)),
            .int4(Int32(ConsoleBounds.clients))
        ) { columns in
            QueueFigures(
                inFlight: Int(try columns.int8()),
                waiting: Int(try columns.int8()),
                retrying: Int(try columns.int8()),
                oldestDueSeconds: try columns.optionalFloat8(),
                clients: Int(try columns.int8()),
                held: Int(try columns.int8()),
                broken: Int(try columns.int8())
            )
        }
        guard let figures = found.first else { throw OutboxError.notFound }
        return figures
    }

    /// What became of deliveries, by minute, of events from an id on.
    public func minuteFigures(of issuer: Int32, from id: UUID) async throws -> HistoryLook<MinuteFigures> {
        let limit = ConsoleBounds.history
        let found = try await consoleRows(.consoleMinutes, of: issuer, .uuid(id), .int4(Int32(limit))) {
            columns in
            let looked = Int(try columns.int8())
            guard let minute = try columns.optionalTime() else { return (looked, MinuteFigures?.none) }
            let figures = MinuteFigures(
                minute: minute,
                delivered: Int(try columns.int8()),
                failed: Int(try columns.int8()),
                other: Int(try columns.int8())
            )
            return (looked, figures)
        }
        let looked = found.first?.0 ?? 0
        return HistoryLook(rows: found.compactMap(\.1), looked: looked, isCut: looked >= limit)
    }

    /// How fast deliveries were, of events from an id on.
    public func latencyFigures(of issuer: Int32, from id: UUID) async throws -> LatencyFigures {
        let found = try await consoleRows(
            .consoleLatency,
            of: issuer,
            .uuid(id),
            .int4(Int32(ConsoleBounds.history))
        ) { columns in
            LatencyFigures(
                attempts: Int(try columns.int8()),
                firstPOST50: try columns.optionalFloat8(),
                firstPOST99: try columns.optionalFloat8(),
                attempt50: try columns.optionalFloat8(),
                attempt99: try columns.optionalFloat8(),
                workers: try columns.texts()
            )
        }
        guard let figures = found.first else { throw OutboxError.notFound }
        return figures
    }

    /// How a client's lane stands; `nil`: there is no such client.
    public func laneFigures(of clientID: String, issuer: Int32) async throws -> LaneFigures? {
        try await consoleRows(
            .consoleClient,
            of: issuer,
            .text(clientID),
            .int4(Int32(ConsoleBounds.queueRows))
        ) { columns in
            LaneFigures(
                heldAt: try columns.optionalTime(),
                breakerTrips: try columns.int(),
                breakerOpenUntil: try columns.optionalTime(),
                inFlight: Int(try columns.int8()),
                waiting: Int(try columns.int8()),
                retrying: Int(try columns.int8()),
                oldestDueSeconds: try columns.optionalFloat8()
            )
        }.first
    }

    /// The newest attempts at a client, newest first, of events from an id on.
    public func attempts(at clientID: String, issuer: Int32, from id: UUID, limit: Int) async throws
        -> HistoryLook<ClientAttempt>
    {
        let found = try await consoleRows(
            .consoleClientAttempts,
            of: issuer,
            .text(clientID),
            .uuid(id),
            .int4(Int32(ConsoleBounds.history)),
            .int4(Int32(limit))
        ) { columns in
            let looked = Int(try columns.int8())
            let isCut = try columns.bool()
            guard let delivery = try columns.optionalUUID() else {
                return (looked, isCut, ClientAttempt?.none)
            }
            let attempt = ClientAttempt(
                delivery: delivery,
                number: try columns.int(),
                startedAt: try columns.time(),
                outcome: try columns.text(),
                httpStatus: try columns.optionalInt2(),
                latencyMilliseconds: try columns.optionalInt(),
                error: try columns.optionalText(),
                errorDescription: try columns.optionalText()
            )
            return (looked, isCut, attempt)
        }
        let (looked, isCut) = found.first.map { ($0.0, $0.1) } ?? (0, false)
        return HistoryLook(
            rows: found.compactMap(\.2),
            looked: looked,
            isCut: isCut || looked >= ConsoleBounds.history
        )
    }

    /// Failed and expired deliveries by client and reason, most first, of events from an id on.
    public func failures(of issuer: Int32, from id: UUID, behind: Int, limit: Int) async throws
        -> HistoryLook<FailureGroup>
    {
        let found = try await consoleRows(
            .consoleFailures,
            of: issuer,
            .uuid(id),
            .int4(Int32(ConsoleBounds.history)),
            .int4(Int32(behind)),
            .int4(Int32(limit))
        ) { columns in
            let looked = Int(try columns.int8())
            guard let clientID = try columns.optionalText() else { return (looked, FailureGroup?.none) }
            let group = FailureGroup(
                clientID: clientID,
                status: try columns.text(),
                reason: try columns.optionalText(),
                count: Int(try columns.int8()),
                newestAt: try columns.time(),
                newest: try columns.uuid()
            )
            return (looked, group)
        }
        let looked = found.first?.0 ?? 0
        return HistoryLook(
            rows: found.compactMap(\.1),
            looked: looked,
            isCut: looked >= ConsoleBounds.history
        )
    }

    /// The audit trail of an issuer, newest first.
    public func newestAuditEvents(_ filter: AuditFilter, before id: UUID?, limit: Int, of issuer: Int32)
        async throws -> [AuditRecord]
    {
        try await consoleRows(
            .consoleAudit,
            of: issuer,
            .optionalUUID(id),
            .texts(filter.types),
            .texts(filter.severities),
            .optionalText(filter.clientID),
            .optionalUUID(filter.subject?.lowerBound),
            .optionalUUID(filter.subject?.upperBound),
            .int4(Int32(limit))
        ) { columns in try columns.auditRecord() }
    }

    /// Looks for the delivery that a token was made for, from a place back; `nil`: from the newest.
    public func searchToken(_ jti: UUID, below place: AttemptPlace?, of issuer: Int32) async throws
        -> TokenSearch
    {
        let found = try await consoleRows(
            .consoleToken,
            of: issuer,
            .uuid(jti),
            .optionalUUID(place?.delivery),
            .optionalInt4((place?.number).map { Int32(clamping: $0) }),
            .int4(Int32(ConsoleBounds.searched))
        ) { columns in
            let delivery = try columns.optionalUUID()
            let looked = Int(try columns.int8())
            let last = try columns.optionalUUID()
            let number = try columns.optionalInt()
            let next = last.flatMap { last in number.map { AttemptPlace(delivery: last, number: $0) } }
            return TokenSearch(
                delivery: delivery,
                looked: looked,
                next: looked == ConsoleBounds.searched ? next : nil
            )
        }
        return found.first ?? TokenSearch(delivery: nil, looked: 0, next: nil)
    }

    /// The event that was accepted under an idempotency key, by its SHA-256.
    public func event(underKeyHash hash: [UInt8], of issuer: Int32) async throws -> UUID? {
        try await consoleRows(.consoleIdempotency, of: issuer, .bytea(hash)) { try $0.uuid() }.first
    }

    private func consoleRows<Row: Sendable>(
        _ statement: IssuerStatement,
        of issuer: Int32,
        _ values: PostgresValue...,
        read: @escaping @Sendable (inout ColumnReader) throws -> Row
    ) async throws -> [Row] {
        try await reading(for: issuer) { connection in
            try connection.query(statement, parameters: values).map { row in
                var columns = ColumnReader(row)
                return try read(&columns)
            }
        }
    }
}
