import CPostgres
import Glibc

/// One connection to Postgres, used by one thread at a time and synchronous there.
///
/// Every wait is a poll(2) with a deadline, so that neither a dead server nor a stopped backend can hold the
/// thread. When a deadline passes in the middle of a statement the connection is closed: the server notices that
/// and rolls back, unless the statement had committed (``PostgresError/outcomeUnknown(_:)``).
@safe
public final class PostgresConnection {
    /// A statement as this connection has prepared it.
    struct Prepared {
        let text: String
        let serverName: String
        let types: [UInt32]
    }

    /// When the connection was made.
    public let openedAt: ContinuousClock.Instant
    /// Until when statements may take. `nil` gives each statement the configured `statementTimeout` and a second,
    /// or all the time there is where that is zero.
    public var deadline: ContinuousClock.Instant?

    let configuration: PostgresConfiguration
    let target: ConnectionTarget
    let notices: NoticeSink
    var parameters = ParameterBuffer()
    /// Those of the statement that takes on an identity; apart, since both are sent at once.
    var identityParameters = ParameterBuffer()
    var prepared: [String: Prepared] = [:]
    /// Statements prepared so far: server-side names are never used twice, even when one is prepared anew.
    var preparedCount = 0
    /// The server takes no writes on this connection: it is a standby, or the session began while writing was switched off. Another
    /// connection may meet another server, or begin otherwise; this one stays as it is for as long as it lives.
    var isReadOnly = false
    private(set) var handle: OpaquePointer?

    /// Takes over a connection that libpq has established.
    init(
        owning handle: OpaquePointer,
        configuration: PostgresConfiguration,
        target: ConnectionTarget,
        notices: NoticeSink
    ) {
        unsafe self.handle = unsafe handle
        self.configuration = configuration
        self.target = target
        self.notices = notices
        openedAt = ContinuousClock.now
    }

    deinit { unsafe PQfinish(handle) }

    /// Closes the connection at once; later calls throw ``PostgresError/closed``.
    public func close() {
        unsafe PQfinish(handle)
        unsafe handle = nil
    }

    /// Whether the connection is open and no transaction is: another job may use it.
    public var isIdle: Bool {
        guard let handle = unsafe handle, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        return unsafe PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    /// Whether the connection is neither closed nor known to be lost.
    public var isOpen: Bool { unsafe handle.map { unsafe PQstatus($0) == CONNECTION_OK } ?? false }

    /// The process id of the backend, as in `pg_stat_activity`; 0 when closed.
    public var backendPID: Int32 { unsafe handle.map { unsafe PQbackendPID($0) } ?? 0 }

    /// Looks, without sending anything, whether the server has ended this idle connection.
    func isAlive() -> Bool {
        guard let handle = unsafe handle, isIdle else { return false }
        let events = unsafe SocketWait.glance(PQsocket(handle))
        if events == 0 { return true }
        if events & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { return false }
        // A changed setting or a NOTICE may arrive at any time; so does the FATAL of a server that shuts down.
        guard unsafe PQconsumeInput(handle) == 1 else { return false }
        _ = unsafe PQisBusy(handle)
        return !notices.isSessionEnding && isIdle
    }
}

/// A connection lives on one thread.
@available(*, unavailable)
extension PostgresConnection: Sendable {}
