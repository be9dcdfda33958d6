import LogoutTokens
import StrictJSON

/// A key that is chosen from a client's JWK Set encrypts, under every algorithm that it was chosen for.
func readClientKeys(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let json = try? JSON.parse(bytes), let set = try? EncryptionKeySet(json) else { return }
    let isPublic = (try? set.checkPublic()) != nil
    for alg in KeyManagementAlgorithm.allCases {
        let key: EncryptionKey
        do throws(EncryptionKeyError) {
            key = try set.key(for: alg)
        } catch {
            try check(error, public: isPublic)
            continue
        }
        for enc in ContentEncryption.allCases {
            guard
                let encryption = try? TokenEncryption(
                    alg: alg,
                    enc: enc,
                    key: key,
                    issuer: "https://op.example"
                )
            else { throw BrokenProperty("a key that is chosen fits") }
            try check(encryption)
        }
    }
}

private func check(_ error: EncryptionKeyError, public isPublic: Bool) throws(BrokenProperty) {
    if case .privateMember = error { try require(!isPublic, "a private member is seen by both who look") }
    try require(error.place.isEmpty || error.place.hasPrefix("/keys/"), "a defect is in the set")
}

private func check(_ encryption: TokenEncryption) throws(BrokenProperty) {
    guard let token = try? encryption.encrypt(Array("a.b.c".utf8)),
        let again = try? encryption.encrypt(Array("a.b.c".utf8))
    else { throw BrokenProperty("a key that is chosen encrypts") }
    try require(token != again, "no two tokens are alike")
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    try require(parts.count == 5, "a token has five parts")
    guard let text = try? Base64.urlDecode(String(decoding: parts[0], as: UTF8.self)),
        case .object(let header)? = try? JSON.parse(text)
    else { throw BrokenProperty("a token has a header") }
    try require(header["alg"] == .string(encryption.alg.rawValue), "the header says the algorithm")
    try require(header["enc"] == .string(encryption.enc.rawValue), "the header says the encryption")
    try require(header["kid"] == encryption.key.kid.map { .string($0) }, "the header says the key")
}
