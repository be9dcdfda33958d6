/// The key derivation of ECDH-ES.
///
/// Source: RFC 7518 §4.6.2: NIST SP 800-56A §5.8.1 with SHA-256.
package enum ConcatKDF {
    /// Derives a key.
    ///
    /// - Parameters:
    ///   - secret: what both sides agreed on.
    ///   - use: the name of the algorithm that the key is for.
    ///   - bytes: how long the key is.
    ///   - partyU: who sends, decoded; Lastcall names nobody.
    ///   - partyV: who receives, decoded; Lastcall names nobody.
    /// - Returns: the key.
    package static func key(
        from secret: [UInt8],
        for use: String,
        bytes: Int,
        partyU: [UInt8] = [],
        partyV: [UInt8] = []
    ) -> [UInt8] {
        let info = prefixed(Array(use.utf8)) + prefixed(partyU) + prefixed(partyV) + word(UInt32(bytes * 8))
        var key: [UInt8] = []
        var round: UInt32 = 1
        while key.count < bytes {
            key += Digests.sha256(word(round) + secret + info)
            round += 1
        }
        return Array(key.prefix(bytes))
    }

    private static func prefixed(_ bytes: [UInt8]) -> [UInt8] { word(UInt32(bytes.count)) + bytes }

    private static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }
}
