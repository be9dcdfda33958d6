import CPostgres

extension PostgresConnection {
    /// Connects, trying each host in order, and sets up the session.
    ///
    /// - Parameters:
    ///   - configuration: whom to call and what to set.
    ///   - onNotice: gets NOTICE and WARNING messages, on the connection's thread; must not block.
    /// - Returns: an idle connection without a deadline.
    /// - Throws: ``PostgresError/connection(_:)`` with the reason of each host.
    public static func connect(
        _ configuration: PostgresConfiguration,
        onNotice: (@Sendable (PostgresNotice) -> Void)? = nil
    ) throws(PostgresError) -> PostgresConnection {
        var reasons: [String] = []
        for target in configuration.targets {
            do {
                return try open(target, configuration, onNotice)
            } catch .connection(let reason) {
                reasons.append(reason)
            }
        }
        throw .connection(reasons.joined(separator: "; "))
    }

    private static func open(
        _ target: ConnectionTarget,
        _ configuration: PostgresConfiguration,
        _ onNotice: (@Sendable (PostgresNotice) -> Void)?
    ) throws(PostgresError) -> PostgresConnection {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        guard let handle = unsafe start(target) else { throw .connection("out of memory") }
        let notices = NoticeSink(handler: onNotice)
        unsafe notices.attach(to: handle)
        // From here on the connection owns the handle, so every way out frees it.
        let connection = unsafe PostgresConnection(
            owning: handle,
            configuration: configuration,
            target: target,
            notices: notices
        )
        try unsafe connection.shakeHands(handle, until: deadline)
        guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw .connection("the socket stays blocking") }
        if configuration.preparedStatements {
            connection.deadline = deadline
            do {
                try connection.execute(
                    script: configuration.sessionSettings(serverVersion: unsafe PQserverVersion(handle))
                )
            } catch {
                throw .connection("\(target.label): setting up the session failed: \(error)")
            }
            connection.deadline = nil
        }
        return connection
    }

    private static func start(_ target: ConnectionTarget) -> OpaquePointer? {
        let parameters = target.parameters.sorted { $0.key < $1.key }
        // One run of NUL-terminated strings; libpq copies what it is given.
        var text: [CChar] = []
        var offsets: [(keyword: Int, value: Int)] = []
        for (keyword, value) in parameters {
            let start = text.count
            text.append(contentsOf: keyword.utf8CString)
            offsets.append((start, text.count))
            text.append(contentsOf: value.utf8CString)
        }
        return unsafe text.withUnsafeBufferPointer { text in
            let keywords = unsafe offsets.map { unsafe text.baseAddress?.advanced(by: $0.keyword) } + [nil]
            let values = unsafe offsets.map { unsafe text.baseAddress?.advanced(by: $0.value) } + [nil]
            return unsafe PQconnectStartParams(keywords, values, 0)
        }
    }

    private func shakeHands(
        _ handle: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        var progress = PGRES_POLLING_WRITING
        if unsafe PQstatus(handle) == CONNECTION_BAD { progress = PGRES_POLLING_FAILED }
        while progress != PGRES_POLLING_OK {
            guard progress != PGRES_POLLING_FAILED else {
                throw .connection(unsafe target.scrub(String(cString: PQerrorMessage(handle))))
            }
            let events = progress == PGRES_POLLING_READING ? SocketWait.readable : SocketWait.writable
            // The socket may be another one after each step.
            guard case .ready = unsafe SocketWait.wait(PQsocket(handle), for: events, until: deadline) else {
                throw .connection("\(target.label): no answer within \(configuration.connectTimeout)")
            }
            progress = unsafe PQconnectPoll(handle)
        }
    }
}
