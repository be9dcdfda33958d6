/// Requests to relying parties: where they may go, and how.
extension SettingTable {
    static let allowPrivateNetworks = Setting.boolean(
        "allow_private_networks",
        default: false,
        "Whether logout tokens may go to private addresses. Cloud metadata addresses stay forbidden."
    )
    static let allowInsecureLoopback = Setting.boolean(
        "allow_insecure_loopback",
        default: false,
        "Whether they may go to loopback addresses and over plain http there. For development."
    )
    static let caFile = Setting.path(
        "ca_file",
        without: "the system's",
        example: "/etc/lastcall/ca.pem",
        "Certificate authorities that relying parties are checked against, in PEM."
    )
    static let authoritiesDir = Setting.path(
        "ca_dir",
        without: "no authorities to name",
        example: "/etc/lastcall/ca",
        "A folder of certificate authorities, <name>.pem; a client names one as its ca, and only that one is trusted there."
    )
    static let tlsClientCertificatesDir = Setting.path(
        "tls_client_certificates_dir",
        without: "no certificates to name",
        example: "/etc/lastcall/client-certificates",
        "A folder of <name>.pem (certificate, chain and key) or <name>.crt and <name>.key, for tls_client_certificate of clients."
    )
    static let minimumTLSVersion = Setting<String>.word(
        "rp_tls_minimum_version",
        default: "1.2",
        of: ["1.2", "1.3"],
        "The oldest version of TLS that is spoken with relying parties."
    )
    static let clientKeysStale = Setting.seconds(
        "client_jwks_stale_seconds",
        default: 86_400,
        from: 0,
        to: 2_592_000,
        "How long the last good keys of a client serve to encrypt while its jwks_uri gives none."
    )
    static let egressProxy = Setting.proxy(
        "egress_proxy",
        "The proxy that all requests to relying parties are tunnelled through. The environment's proxies never count."
    )
    static let egressProxyCredentials = Setting<Secret<String>>.credentials(
        "egress_proxy_credentials",
        "Sent to that proxy, and to nobody else."
    )
    static let egressProxyResolvesNames = Setting.boolean(
        "egress_proxy_resolves_names",
        default: false,
        "Whether that proxy is given names instead of addresses that Lastcall judged. It must then judge them itself."
    )
    static let propagateTraceContext = Setting.boolean(
        "propagate_trace_context",
        default: false,
        "Whether relying parties get the traceparent of the logout that they are told of."
    )
}
