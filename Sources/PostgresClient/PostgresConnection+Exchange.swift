import CPostgres

/// What a message to the server may have committed by the time its answer is lost.
enum Stake {
    /// Nothing: it reads, or a transaction stays open behind it.
    case nothing
    /// The statement commits by itself when it ends.
    case statement
    /// It is the COMMIT.
    case commit
}

extension PostgresConnection {
    /// Sends one message and reads its whole answer.
    ///
    /// The answer is read to its end even after a success: a deferred constraint or a serialization failure is
    /// reported after the completion of the statement whose commit it stops.
    ///
    /// - Parameters:
    ///   - stake: what is in doubt if the answer is lost.
    ///   - isPipelined: whether it is a block of messages that ends with a Sync, and so one transaction.
    ///   - send: a `PQsend...` call; 0 means that nothing was sent.
    /// - Returns: the last result.
    /// - Throws: ``PostgresError``; what it says of the outcome follows from the stake.
    func exchange(
        _ stake: Stake,
        isPipelined: Bool = false,
        _ send: (OpaquePointer) -> Int32
    ) throws(PostgresError) -> PostgresRows {
        guard let handle = unsafe handle else { throw .closed }
        let deadline = statementDeadline
        if let deadline, deadline <= ContinuousClock.now { throw .timeout }
        notices.begin(isCommit: stake == .commit)
        guard unsafe !isPipelined || PQenterPipelineMode(handle) == 1, unsafe send(handle) == 1 else {
            let reason = unsafe target.scrub(String(cString: PQerrorMessage(handle)))
            close()
            throw .connection(reason)
        }
        guard unsafe flush(handle, until: deadline) else { throw givenUp(stake) }
        var answer = Answer()
        var isBetween = false
        while true {
            guard unsafe awaitResult(handle, until: deadline) else { throw givenUp(stake) }
            guard let result = unsafe PQgetResult(handle) else {
                // Each answer of a block has an end of its own; two ends together are a block without a Sync.
                guard isPipelined, !isBetween, unsafe PQstatus(handle) == CONNECTION_OK else { break }
                isBetween = true
                continue
            }
            isBetween = false
            if isPipelined, unsafe PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                unsafe PQclear(result)
                guard unsafe PQexitPipelineMode(handle) == 1 else {
                    close()
                    throw .connection("the connection stays in its pipeline")
                }
                break
            }
            try unsafe answer.take(result)
            if answer.isCopying {
                // Leaving COPY would take another exchange; no statement of ours starts one.
                close()
                throw .statementMisuse(name: "COPY")
            }
        }
        if let failure = answer.failure { throw judge(failure, stake, wasCompleted: answer.isCompleted) }
        if stake != .nothing, let doubt = notices.doubt { throw .outcomeUnknown(doubt) }
        return unsafe answer.rows ?? PostgresRows(owning: nil)
    }

    private var statementDeadline: ContinuousClock.Instant? {
        if let deadline { return deadline }
        let limit = configuration.statementTimeout
        return limit > .zero ? ContinuousClock.now + limit + .seconds(1) : nil
    }

    /// Pushes what libpq has buffered; `false` when the deadline passed. A lost connection shows in the answer.
    private func flush(_ handle: OpaquePointer, until deadline: ContinuousClock.Instant?) -> Bool {
        while unsafe PQflush(handle) == 1 {
            // The server may be blocked on its own output, so reading goes on while writing does.
            let events = SocketWait.readable | SocketWait.writable
            guard case .ready = unsafe SocketWait.wait(PQsocket(handle), for: events, until: deadline) else {
                return false
            }
            guard unsafe PQconsumeInput(handle) == 1 else { return true }
        }
        return true
    }

    /// Waits until `PQgetResult` would not block; `false` when the deadline passed.
    private func awaitResult(_ handle: OpaquePointer, until deadline: ContinuousClock.Instant?) -> Bool {
        while unsafe PQisBusy(handle) == 1 {
            guard
                case .ready = unsafe SocketWait.wait(
                    PQsocket(handle),
                    for: SocketWait.readable,
                    until: deadline
                )
            else { return false }
            // On failure PQgetResult has the reason.
            guard unsafe PQconsumeInput(handle) == 1 else { return true }
        }
        return true
    }

    private func givenUp(_ stake: Stake) -> PostgresError {
        close()
        return stake == .nothing ? .timeout : .outcomeUnknown("no answer before the deadline")
    }

    private func judge(_ failure: ServerMessage, _ stake: Stake, wasCompleted: Bool) -> PostgresError {
        guard let sqlState = failure.sqlState else {
            // libpq itself speaks: the connection is lost or out of step.
            close()
            let reason = target.scrub(failure.text)
            return stake == .nothing ? .connection(reason) : .outcomeUnknown(reason)
        }
        if sqlState == "25006" { isReadOnly = true }
        if failure.severity == "FATAL" || failure.severity == "PANIC" {
            close()
            // The session may have been ended between the commit and its acknowledgement.
            if stake == .commit || (stake == .statement && wasCompleted) {
                return .outcomeUnknown("\(sqlState) \(failure.text)")
            }
        }
        return .server(
            sqlState: SQLState(sqlState),
            message: failure.text,
            detail: failure.detail,
            constraint: failure.constraint
        )
    }
}

/// The results of one exchange, gathered.
private struct Answer {
    private(set) var rows: PostgresRows?
    private(set) var failure: ServerMessage?
    private(set) var isCompleted = false
    private(set) var isCopying = false

    /// Takes over one result; the first failure and the last success are kept.
    mutating func take(_ result: OpaquePointer) throws(PostgresError) {
        let owned = unsafe PostgresRows(owning: result)
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            rows = owned
            isCompleted = true
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isCopying = true
        default:
            if failure == nil { failure = unsafe ServerMessage(result) }
        }
    }
}
