import CPostgres

extension PostgresConnection {
    /// Runs one statement, preparing it when this connection meets it first.
    ///
    /// Outside a transaction it commits by itself; see ``PostgresStatement/Access`` for what a lost answer means.
    ///
    /// - Parameters:
    ///   - statement: the SQL and its name.
    ///   - parameters: the values of `$1`, `$2`, ...; the same types at each call.
    /// - Returns: the rows.
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func query(
        _ statement: PostgresStatement,
        _ parameters: PostgresValue...
    ) throws(PostgresError) -> PostgresRows {
        try query(statement, parameters: parameters)
    }

    /// Runs one statement, as ``query(_:_:)``, with its parameters in an array.
    ///
    /// - Parameters:
    ///   - statement: the SQL and its name.
    ///   - values: of `$1`, `$2`, ...
    /// - Returns: the rows.
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func query(
        _ statement: PostgresStatement,
        parameters values: [PostgresValue]
    ) throws(PostgresError) -> PostgresRows {
        try parameters.fill(values)
        let stake: Stake = statement.access == .readWrite && isIdle ? .statement : .nothing
        guard configuration.preparedStatements else { return try runUnprepared(statement, stake) }
        let wasIdle = isIdle
        do {
            return try runPrepared(statement, stake)
        } catch .server(let sqlState, let message, let detail, let constraint) {
            // 26000: the server has lost the prepared statement. 0A000: its plan is out of date, because a migration
            // changed the columns it returns. Either way the statement has changed nothing.
            guard sqlState == "26000" || sqlState == "0A000",
                prepared.removeValue(forKey: statement.name) != nil,
                wasIdle, isIdle
            else {
                throw .server(sqlState: sqlState, message: message, detail: detail, constraint: constraint)
            }
            return try runPrepared(statement, stake)
        }
    }

    /// Runs SQL text as it stands, one statement or several; for migrations and session settings.
    ///
    /// Several statements outside a transaction are one transaction. Nothing is prepared and no rows are returned.
    ///
    /// - Parameter script: trusted SQL; never text that came from a caller.
    /// - Throws: ``PostgresError``; a lost answer outside a transaction is ``PostgresError/outcomeUnknown(_:)``.
    public func execute(script: String) throws(PostgresError) {
        _ = try send(script, isIdle ? .statement : .nothing)
    }

    /// Runs something that may take longer than the session's statements may: no transaction, for what must not be in one.
    ///
    /// Behind a pooler in transaction mode nothing is set: there the server's own limit holds.
    ///
    /// - Parameters:
    ///   - limit: what the server allows each statement meanwhile; the caller's deadline holds too.
    ///   - body: gets nothing and may do anything with this connection.
    /// - Returns: what `body` returned.
    /// - Throws: ``PostgresError``, or what `body` threw.
    public func allowing<R>(_ limit: Duration, _ body: () throws -> R) throws -> R {
        guard configuration.preparedStatements else { return try body() }
        try execute(script: "set statement_timeout = \(limit.wholeMilliseconds)")
        // A connection that cannot be put back is of no use to the next job.
        defer {
            let usual = configuration.statementTimeout.wholeMilliseconds
            if isOpen, (try? execute(script: "set statement_timeout = \(usual)")) == nil { close() }
        }
        return try body()
    }

    /// Sends SQL text over the simple protocol.
    func send(_ script: String, _ stake: Stake) throws(PostgresError) -> PostgresRows {
        guard !script.utf8.contains(0) else { throw .invalidText(parameter: 0) }
        return try unsafe exchange(stake) { unsafe PQsendQuery($0, script) }
    }

    private func runUnprepared(
        _ statement: PostgresStatement,
        _ stake: Stake
    ) throws(PostgresError) -> PostgresRows {
        try unsafe exchange(stake) { unsafe parameters.send(statement, prepared: nil, on: $0) }
    }

    private func runPrepared(_ statement: PostgresStatement, _ stake: Stake) throws(PostgresError)
        -> PostgresRows
    {
        let serverName = try prepare(statement)
        return try unsafe exchange(stake) { unsafe parameters.send(statement, prepared: serverName, on: $0) }
    }

    /// The server's name for a statement, prepared now if it is new here.
    func prepare(_ statement: PostgresStatement) throws(PostgresError) -> String {
        if let known = prepared[statement.name] {
            guard known.text == statement.text, known.accept(parameters.types) else {
                throw .statementMisuse(name: statement.name)
            }
            return known.serverName
        }
        preparedCount += 1
        // The number comes first, since the server cuts names at 63 bytes.
        let serverName = "\(preparedCount)_\(statement.name)"
        let types = parameters.types
        _ = try unsafe exchange(.nothing) { handle in
            unsafe PQsendPrepare(
                handle,
                serverName,
                statement.text,
                Int32(truncatingIfNeeded: types.count),
                types
            )
        }
        prepared[statement.name] = Prepared(text: statement.text, serverName: serverName, types: types)
        return serverName
    }
}

extension PostgresConnection.Prepared {
    /// Whether values of these types may be bound. The server reads each value by the type that was prepared, and
    /// would take a `timestamptz` for a `bigint` without a word; a NULL fits every type.
    func accept(_ given: [UInt32]) -> Bool {
        given.count == types.count && zip(given, types).allSatisfy { $0 == $1 || $0 == 0 || $1 == 0 }
    }
}
