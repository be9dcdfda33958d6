/// Who holds the private part of a signing key.
public enum KeyHolder: String, Sendable, Hashable, CaseIterable {
    /// Lastcall, sealed in Postgres.
    case lastcall
    /// An HSM, reached through PKCS#11.
    case pkcs11
    /// A signer of the OP's own, reached over HTTPS.
    case remote
}
