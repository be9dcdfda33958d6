/// How a transaction runs.
public struct TransactionOptions: Sendable, Hashable {
    /// What a transaction sees of others.
    public enum Isolation: String, Sendable, Hashable {
        /// Each statement sees what was committed before it began.
        case readCommitted = "read committed"
        /// The transaction sees one moment; conflicting writes fail with class 40.
        case repeatableRead = "repeatable read"
        /// As if transactions ran one after another; conflicts fail with class 40.
        case serializable
    }

    /// What the transaction sees of others.
    public let isolation: Isolation
    /// Whether writing is refused.
    public let isReadOnly: Bool
    /// Whether COMMIT waits until the transaction is durable. Without it a crash of the server may lose the last
    /// moments, whole transactions at a time.
    public let isDurable: Bool
    /// Whom the transaction acts as; `nil`: the connection's own role.
    public let identity: ActingIdentity?

    /// Names how a transaction runs.
    ///
    /// - Parameters:
    ///   - isolation: read committed unless told.
    ///   - isReadOnly: `false` unless told.
    ///   - isDurable: `true` unless told; the server's `synchronous_commit` then holds.
    ///   - identity: whom it acts as; the connection's own role unless told.
    public init(
        isolation: Isolation = .readCommitted,
        isReadOnly: Bool = false,
        isDurable: Bool = true,
        identity: ActingIdentity? = nil
    ) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.isDurable = isDurable
        self.identity = identity
    }
}

extension PostgresConnection {
    /// Runs a transaction: commits when `body` returns, rolls back when it throws.
    ///
    /// - Parameters:
    ///   - options: isolation, access, durability.
    ///   - body: statements on this connection; it begins and ends no transaction itself.
    /// - Returns: what `body` returned, after the commit.
    /// - Throws: what `body` threw; ``PostgresError/commitRolledBack`` when it swallowed a statement's error;
    ///   ``PostgresError/outcomeUnknown(_:)`` when the commit's answer is lost or carries a WARNING.
    @discardableResult
    public func transaction<R>(
        _ options: TransactionOptions = TransactionOptions(),
        _ body: (PostgresConnection) throws -> R
    ) throws -> R {
        guard isOpen else { throw PostgresError.closed }
        guard isIdle else { throw PostgresError.transactionMisuse("begun inside another") }
        let value: R
        do {
            _ = try send(beginning(options), .nothing)
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        try commit()
        return value
    }

    /// BEGIN and what is set for this transaction only: one message, so one round trip.
    private func beginning(_ options: TransactionOptions) -> String {
        var begin = "begin isolation level \(options.isolation.rawValue)"
        if options.isReadOnly { begin += " read only" }
        var statements = [begin]
        if !configuration.preparedStatements { statements += configuration.transactionSettings }
        if !options.isDurable { statements.append("set local synchronous_commit = off") }
        if let identity = options.identity { statements.append(identity.script) }
        return statements.joined(separator: "; ")
    }

    private func commit() throws(PostgresError) {
        guard isOpen else { throw .closed }
        guard !isIdle else { throw .transactionMisuse("ended by hand") }
        let rows: PostgresRows
        do {
            rows = try send("commit", .commit)
        } catch .timeout {
            // Nothing was sent; the transaction must not stay open.
            rollBack()
            throw .timeout
        }
        guard rows.commandTag == "COMMIT" else { throw .commitRolledBack }
    }

    /// Ends a failed transaction, or closes the connection where that fails: the error that is on its way to the
    /// caller is the one that matters.
    private func rollBack() {
        guard isOpen, !isIdle else { return }
        let given = deadline
        // A deadline that has passed between two statements costs no connection: ROLLBACK is quick.
        if let given { deadline = max(given, ContinuousClock.now + .milliseconds(250)) }
        defer { deadline = given }
        do throws(PostgresError) {
            _ = try send("rollback", .nothing)
        } catch {
            close()
        }
    }
}
