import LogoutModel

extension AuditRecord {
    /// What its hash is over: id, type, severity, subject, session durability, client, actor and data as Postgres writes
    /// them, parted by the byte 1F, which none of them contains; what is absent is the byte 00.
    ///
    /// `lastcall.audit_canonical` has the same form in SQL, and a test compares the two.
    public var canonicalForm: [UInt8] {
        let values: [String?] = [
            id.lowercased, type, severity, subject?.lowercased, sessionDurability,
            clientID, actor, data,
        ]
        return Array(
            values.map { value in value.map { Array($0.utf8) } ?? [0x00] }.joined(separator: [0x1F])
        )
    }

    /// The SHA-256 of ``canonicalForm``.
    public var digest: [UInt8] { AuditDigest.sha256(canonicalForm) }
}
