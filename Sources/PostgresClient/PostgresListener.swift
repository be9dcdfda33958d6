import CPostgres
import Glibc
import Synchronization

/// Listens on channels with a connection and a thread of its own, and comes back when the connection is lost.
///
/// Notifications that are sent while nobody is connected are lost: whoever gets ``Event/connected`` looks for the
/// work it may have missed. It needs a session, so pgbouncer in transaction mode must be passed by.
public final class PostgresListener: Sendable {
    /// What the listener tells.
    public enum Event: Sendable, Hashable {
        /// The listener hears from now on. Sweep: something may have been missed.
        case connected
        /// A `notify` on one of the channels.
        case notification(channel: String, payload: String)
        /// The connection was lost, or the first attempt since failed; attempts go on.
        case disconnected(PostgresError)
    }

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let onEvent: @Sendable (Event) -> Void
    private let pingInterval: Duration

    /// Keeps what to listen to; nothing happens before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: whom to call, without a transaction pooler between.
    ///   - channels: names as in `listen`, taken literally.
    ///   - pingInterval: a silent connection is tried this often; 30 s unless told.
    ///   - onEvent: called on the listener's thread; must not block.
    public init(
        configuration: PostgresConfiguration,
        channels: [String],
        pingInterval: Duration = .seconds(30),
        onEvent: @escaping @Sendable (Event) -> Void
    ) {
        self.configuration = configuration
        self.channels = channels
        self.pingInterval = pingInterval
        self.onEvent = onEvent
    }

    /// Listens until the task is cancelled.
    ///
    /// - Throws: ``PostgresError/resources(code:)`` where the machine gives no thread or descriptor.
    public func run() async throws {
        let interrupt = try Interrupt()
        try await withTaskCancellationHandler {
            try await PostgresThread.run(named: "pg-listen") { self.listen(interrupt) }
        } onCancel: {
            interrupt.raise()
        }
    }

    private func listen(_ interrupt: Interrupt) {
        var backoff = ReconnectBackoff(now: .now)
        while !interrupt.isRaised {
            do throws(PostgresError) {
                let connection = try PostgresConnection.connect(configuration)
                try subscribe(connection)
                backoff.succeeded()
                onEvent(.connected)
                try deliver(connection, interrupt)
                return
            } catch {
                if backoff.failures == 0 { onEvent(.disconnected(error)) }
                backoff.failed(at: .now, draw: Double.random(in: 0...1))
                interrupt.wait(until: backoff.until)
            }
        }
    }

    private func subscribe(_ connection: PostgresConnection) throws(PostgresError) {
        connection.deadline = .now + configuration.connectTimeout
        let statements = channels.map { channel in
            "listen \""
                + channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                + "\""
        }
        try connection.execute(script: statements.joined(separator: "; "))
    }

    /// Delivers until the listener is interrupted; throws when the connection is lost.
    private func deliver(_ connection: PostgresConnection, _ interrupt: Interrupt) throws(PostgresError) {
        while true {
            for notification in try connection.notifications() {
                onEvent(.notification(channel: notification.channel, payload: notification.payload))
            }
            let quietUntil = ContinuousClock.now + pingInterval
            switch try connection.awaitInput(interruptedBy: interrupt.descriptor, until: quietUntil) {
            case .ready: break
            case .interrupted: return
            case .deadline:
                connection.deadline = .now + configuration.connectTimeout
                try connection.execute(script: "select 1")
            }
        }
    }
}

extension PostgresConnection {
    /// Waits until the server says something unasked.
    func awaitInput(
        interruptedBy interrupt: Int32,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> SocketWait.Outcome {
        guard let handle = unsafe handle else { throw .closed }
        return unsafe SocketWait.wait(
            PQsocket(handle),
            for: SocketWait.readable,
            interruptedBy: interrupt,
            until: deadline
        )
    }

    /// Takes the notifications that have arrived.
    func notifications() throws(PostgresError) -> [(channel: String, payload: String)] {
        guard let handle = unsafe handle else { throw .closed }
        guard unsafe PQconsumeInput(handle) == 1, isOpen, !notices.isSessionEnding else {
            let reason = unsafe target.scrub(String(cString: PQerrorMessage(handle)))
            close()
            throw .connection(reason.isEmpty ? "the server ended the session" : reason)
        }
        var arrived: [(channel: String, payload: String)] = []
        while let notification = unsafe PQnotifies(handle) {
            arrived.append(
                unsafe (
                    String(cString: notification.pointee.relname), String(cString: notification.pointee.extra)
                )
            )
            unsafe PQfreemem(notification)
        }
        return arrived
    }
}

/// Ends a wait in poll(2) from another thread.
private final class Interrupt: Sendable {
    let descriptor: Int32
    private let raised = Atomic<Bool>(false)

    init() throws(PostgresError) {
        descriptor = lastcall_eventfd()
        guard descriptor >= 0 else { throw .resources(code: errno) }
    }

    deinit { Glibc.close(descriptor) }

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        raised.store(true, ordering: .releasing)
        lastcall_eventfd_raise(descriptor)
    }

    func wait(until deadline: ContinuousClock.Instant) {
        _ = SocketWait.wait(descriptor, for: SocketWait.readable, until: deadline)
    }
}
