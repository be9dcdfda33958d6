import CPostgres

/// One host of a connection string with everything that libpq is told about it.
///
/// libpq walks several hosts itself only in its blocking calls; in the polled ones a silent first host would use up
/// the time of all, so the hosts are taken apart here and each gets its own timeout.
struct ConnectionTarget: Sendable, Hashable {
    /// Keywords and values for `PQconnectStartParams`.
    let parameters: [String: String]

    /// Host, port, database and user, for logs.
    var label: String {
        ["host", "hostaddr", "port", "dbname", "user"]
            .compactMap { keyword in parameters[keyword].map { "\(keyword)=\($0)" } }
            .joined(separator: " ")
    }

    /// A message of libpq without the secrets of this target and without line breaks.
    func scrub(_ message: String) -> String {
        var lines = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        for keyword in ["password", "sslpassword"] {
            guard let secret = parameters[keyword], !secret.isEmpty else { continue }
            lines = lines.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
        return lines
    }

    /// Takes a connection string apart.
    ///
    /// - Throws: ``PostgresError/configuration(_:)``. libpq's own text is dropped: it quotes the string, or the
    ///   half of a password that it took for a keyword.
    static func parse(
        _ connectionString: String,
        applicationName: String
    ) throws(PostgresError) -> [ConnectionTarget] {
        guard !connectionString.utf8.contains(0), !applicationName.utf8.contains(0) else {
            throw .configuration("the connection string or the application name holds U+0000")
        }
        var given = try keywords(of: connectionString)
        let forced = ["client_encoding": "UTF8", "fallback_application_name": applicationName]
        given.merge(forced) { _, forced in forced }
        // A peer that vanished is noticed within half a minute when idle and 10 s when data is on its way.
        let defaults = [
            "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "4",
            "tcp_user_timeout": "10000",
        ]
        given.merge(defaults) { given, _ in given }
        return try split(given)
    }

    private static func keywords(of connectionString: String) throws(PostgresError) -> [String: String] {
        guard let options = unsafe PQconninfoParse(connectionString, nil) else {
            throw .configuration("the connection string is neither a libpq conninfo string nor a URI")
        }
        defer { unsafe PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe given[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return given
    }

    private static func split(_ given: [String: String]) throws(PostgresError) -> [ConnectionTarget] {
        func list(_ keyword: String) -> [String] {
            given[keyword]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        }
        let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = max(hosts.count, addresses.count)
        guard count > 1 else { return [ConnectionTarget(parameters: given)] }
        guard hosts.isEmpty || hosts.count == count, addresses.isEmpty || addresses.count == count else {
            throw .configuration("host and hostaddr name different numbers of hosts")
        }
        guard ports.count <= 1 || ports.count == count else {
            throw .configuration("\(ports.count) ports do not fit \(count) hosts")
        }
        let single = (0..<count).map { index in
            var parameters = given
            if !hosts.isEmpty { parameters["host"] = hosts[index] }
            if !addresses.isEmpty { parameters["hostaddr"] = addresses[index] }
            if ports.count == count { parameters["port"] = ports[index] }
            return parameters
        }
        func targets(_ wanted: String) -> [ConnectionTarget] {
            single.map { ConnectionTarget(parameters: $0.merging(["target_session_attrs": wanted]) { $1 }) }
        }
        // libpq's "prefer-standby" is two rounds: standbys first, then whatever answers.
        let wanted = given["target_session_attrs"] ?? "read-write"
        return wanted == "prefer-standby" ? targets("standby") + targets("any") : targets(wanted)
    }
}
