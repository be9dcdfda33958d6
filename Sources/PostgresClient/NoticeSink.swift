import CPostgres

/// What the server said beside the answers of one connection, and whether it puts a commit in doubt.
///
/// The server answers a commit whose wait for a synchronous standby was cancelled with success and a WARNING: the
/// transaction is durable here and perhaps nowhere else.
final class NoticeSink {
    private let handler: (@Sendable (PostgresNotice) -> Void)?

    /// The statement that is running is a COMMIT, so any WARNING counts.
    private var isCommit = false
    /// The WARNING that puts the running statement's commit in doubt.
    private(set) var doubt: String?
    /// The server has said that it ends this session.
    private(set) var isSessionEnding = false

    init(handler: (@Sendable (PostgresNotice) -> Void)?) { self.handler = handler }

    func begin(isCommit: Bool) {
        self.isCommit = isCommit
        doubt = nil
    }

    func receive(_ notice: PostgresNotice, from function: String?) {
        switch notice.severity {
        case "FATAL", "PANIC": isSessionEnding = true
        // Functions and triggers of a statement may warn of anything. The wait for a standby is known by the
        // server's function, since its words depend on lc_messages; a server that hides that is not trusted.
        case "WARNING" where isCommit || function == nil || function == "SyncRepWaitForLSN":
            doubt = notice.message
        default: break
        }
        handler?(notice)
    }

    /// Lets libpq call this object; the caller keeps it alive for as long as the connection.
    func attach(to connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                let sink = unsafe Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
                let message = unsafe ServerMessage(result)
                sink.receive(
                    PostgresNotice(
                        severity: message.severity ?? "NOTICE",
                        sqlState: SQLState(message.sqlState ?? "00000"),
                        message: message.text
                    ),
                    from: message.function
                )
            },
            context
        )
    }
}

/// The fields of an error or notice that this module reads.
struct ServerMessage {
    /// Not localized; absent where libpq itself speaks.
    let severity: String?
    /// Absent where libpq itself speaks, as it does when the connection is lost.
    let sqlState: String?
    let text: String
    let detail: String?
    let constraint: String?
    let function: String?

    init(_ result: OpaquePointer) {
        func field(_ value: UnsafePointer<CChar>?) -> String? {
            unsafe value.map { unsafe String(cString: $0) }
        }
        unsafe severity = field(lastcall_severity(result))
        unsafe sqlState = field(lastcall_sqlstate(result))
        unsafe text = field(lastcall_message(result)) ?? field(PQresultErrorMessage(result)) ?? ""
        unsafe detail = field(lastcall_detail(result))
        unsafe constraint = field(lastcall_constraint(result))
        unsafe function = field(lastcall_source_function(result))
    }
}
