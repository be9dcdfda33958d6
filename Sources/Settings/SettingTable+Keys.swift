/// Keys: of callers, of issuers, and what seals those.
extension SettingTable {
    static let operatorAPIKey = Setting<Secret<String>>.operatorKey(
        "operator_api_key",
        "The first operator key of the API."
    )
    static let keyEncryptionKey = Setting<Secret<[UInt8]>>.encryptionKey(
        "key_encryption_key",
        "What private signing keys are encrypted with at rest. Lose it and they are lost."
    )
    static let previousKeyEncryptionKeys = Setting<Secret<[[UInt8]]>>.encryptionKeys(
        "previous_key_encryption_keys",
        "Key-encryption keys before the current one: they open what lastcall keys reseal has not sealed anew yet."
    )
    static let keyPublication = Setting.seconds(
        "key_publication_seconds",
        default: 3_600,
        from: 0,
        to: 2_592_000,
        "How long a new signing key stands in the JWK Set before it may sign."
    )
    static let retiredKeyPublication = Setting.seconds(
        "retired_key_publication_seconds",
        default: 86_400,
        from: 183,
        to: 31_536_000,
        "How long a retired key stays in the JWK Set: past the end of the last token that it may have signed."
    )
    static let clockSkewLimit = Setting.seconds(
        "clock_skew_limit_seconds",
        default: 5,
        from: 0.1,
        to: 60,
        "How far this machine's clock may be from the database's before signing stops."
    )
    static let signerThreads = Setting.integer(
        "signer_threads",
        default: 0,
        0...256,
        unit: "threads",
        "Threads that sign logout tokens; 0 means one a core."
    )

    static let pkcs11Module = Setting.path(
        "pkcs11_module",
        without: "no HSM",
        example: "/usr/lib/softhsm/libsofthsm2.so",
        "The PKCS#11 library of the HSM that holds signing keys. Only workers load it."
    )
    static let pkcs11PIN = Setting<Secret<String>>.word(
        "pkcs11_pin",
        without: "the token asks for none",
        allowed: "1 to 255 visible ASCII characters",
        example: "the user PIN of the token",
        1...255,
        "The user PIN of the HSM's tokens."
    )
    static let remoteSignerURL = Setting(
        "remote_signer_url",
        .text,
        default: nil,
        without: "no signer",
        allowed: "https:// and so on; http:// to loopback with allow_insecure_loopback",
        example: "https://signer.example.com/v1/sign",
        "The OP's own signer, which holds signing keys. Only workers call it."
    ) { text in
        let isForm = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isForm && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }
    static let remoteSignerToken = Setting<Secret<String>>.word(
        "remote_signer_token",
        without: "none is sent",
        allowed: "1 to 4096 visible ASCII characters",
        example: "printed by: openssl rand -base64 33",
        1...4_096,
        "The bearer token of calls to the signer."
    )
    static let remoteSignerCAFile = Setting.path(
        "remote_signer_ca_file",
        without: "ca_file, or the system's",
        example: "/etc/lastcall/signer-ca.pem",
        "Certificate authorities that the signer is checked against, in PEM."
    )
    static let remoteSignerTimeout = Setting.seconds(
        "remote_signer_timeout_seconds",
        default: 2,
        from: 0.05,
        to: 30,
        "How long the signer may take for a signature; never longer than the delivery's lease allows."
    )
    static let remoteSignerMaxInFlight = Setting.integer(
        "remote_signer_max_in_flight",
        default: 64,
        1...1_024,
        unit: "calls",
        "Calls of the signer at once in one process; as many may wait for their turn."
    )
}
