/// Two values that are each allowed and make no sense together.
public enum SettingContradiction: Sendable, Hashable, CustomStringConvertible {
    /// `lease_seconds` does not cover the default attempt timeout and its margin: another worker would take a
    /// delivery over while its attempt is still under way.
    case leaseShorterThanAttempt(lease: Duration, attemptTimeout: Duration, margin: Duration)
    /// `listen` and `admin_listen` want the same port or path.
    case listenersOverlap(ListenAddress, ListenAddress)
    /// `database_lock_timeout_seconds` is not below `database_statement_timeout_seconds`, so it would never act.
    case lockTimeoutNeverActs(lock: Duration, statement: Duration)
    /// `database_listen_url` is given without `database_url`.
    case listenURLAlone
    /// One of `tls_certificate_file` and `tls_private_key_file` is given without the other.
    case halfOfTLS
    /// Something is said about TLS, and there is no certificate.
    case noTLS
    /// `tls_client_ca_file` and `tls_client_certificates` contradict each other.
    case clientAuthorities
    /// A setting of the egress proxy is given without `egress_proxy`.
    case proxySettingAlone(String)
    /// `retired_key_publication_seconds` ends before the last token of a retired key does: a worker may sign with it
    /// for as long as a lease after it was retired, and the token lives on.
    case retiredKeyLeavesEarly(publication: Duration, least: Duration)
    /// `previous_key_encryption_keys` is given without `key_encryption_key`.
    case previousKeysAlone

    /// The rule in one sentence, with the values.
    public var description: String {
        switch self {
        case .leaseShorterThanAttempt(let lease, let timeout, let margin):
            "lease_seconds is \(lease), a lease shorter than an attempt: it must be at least \(timeout + margin), "
                + "the default attempt timeout of \(timeout) and a margin of \(margin)"
        case .listenersOverlap(let main, let admin):
            "listen is \(main) and admin_listen is \(admin): they must differ"
        case .lockTimeoutNeverActs(let lock, let statement):
            "database_lock_timeout_seconds is \(lock): it must be shorter than "
                + "database_statement_timeout_seconds, which is \(statement)"
        case .listenURLAlone:
            "database_listen_url needs database_url: it is the direct way to the same database"
        case .halfOfTLS:
            "tls_certificate_file and tls_private_key_file need each other"
        case .noTLS:
            "tls_client_certificates asks for TLS, which needs tls_certificate_file and tls_private_key_file"
        case .clientAuthorities:
            "tls_client_ca_file is needed if tls_client_certificates is optional or required, and only then"
        case .proxySettingAlone(let name):
            "\(name) needs egress_proxy: without a proxy it means nothing"
        case .retiredKeyLeavesEarly(let publication, let least):
            "retired_key_publication_seconds is \(publication): it must be at least \(least), the lease under which a "
                + "worker may still sign with the key and the 120 seconds that its token then lives"
        case .previousKeysAlone:
            "previous_key_encryption_keys needs key_encryption_key: the key that is current now"
        }
    }
}
