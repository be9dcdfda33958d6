import FoundationEssentials
import LogoutTokens
import StrictJSON

/// Only the one text that encoding gives is read.
func readBase64(_ bytes: [UInt8]) throws(BrokenProperty) {
    if !bytes.isEmpty {
        try require((try? Base64.urlDecode(Base64.urlEncode(bytes))) == bytes, "base64url reads back")
        try require((try? Base64.decode(Base64.encode(bytes))) == bytes, "base64 reads back")
    }
    guard let text = text(bytes) else { return }
    if let decoded = try? Base64.urlDecode(text) {
        try require(isSame(Base64.urlEncode(decoded), bytes), "base64url has one spelling")
    }
    if let decoded = try? Base64.decode(text) {
        try require(isSame(Base64.encode(decoded), bytes), "base64 has one spelling")
    }
}

/// A key that is read has a public JWK that is read, and survives its writing.
func readJWK(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard case .object(let object)? = try? JSON.parse(bytes),
        let members = try? JWKMembers(object, for: .sign)
    else {
        return
    }
    if let key = try? PrivateKey(jwk: members) { try check(key) }
    guard let jwk = try? PublicJWK(members) else { return }
    guard case .object(let written)? = try? JSON.parse(jwk.json) else {
        throw BrokenProperty("a public JWK is written as an object")
    }
    try require(
        (try? PublicJWK(JWKMembers(written, for: .verify))) == jwk,
        "a public JWK survives its writing"
    )
    let names: Set = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"]
    try require(names.isSuperset(of: written.members.map(\.name)), "a public JWK has public members only")
}

/// As for a JWK; the first byte chooses the algorithm.
func readPEM(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let (algorithm, rest) = algorithm(bytes), let text = text(rest) else { return }
    if let key = try? PrivateKey(pem: text, for: algorithm) { try check(key) }
}

/// As for a JWK; the first byte chooses the algorithm.
func readPKCS8(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let (algorithm, rest) = algorithm(bytes) else { return }
    if let key = try? PrivateKey(pkcs8: rest, for: algorithm) { try check(key) }
}

private func algorithm(_ bytes: [UInt8]) -> (SignatureAlgorithm, [UInt8])? {
    guard let first = bytes.first else { return nil }
    let all = SignatureAlgorithm.allCases
    return (all[Int(first) % all.count], Array(bytes.dropFirst()))
}

private func check(_ key: PrivateKey) throws(BrokenProperty) {
    guard let der = try? key.pkcs8(), let again = try? PrivateKey(pkcs8: der, for: key.algorithm) else {
        throw BrokenProperty("a key that is read can be stored")
    }
    try require(again.thumbprint == key.thumbprint, "a stored key is the same key")
    try require(key.thumbprint.utf8.count == 43, "a thumbprint is the base64url of 32 bytes")
    guard let jwk = try? key.publicJWK(kid: "k"), (try? JSON.parse(jwk.json)) != nil else {
        throw BrokenProperty("a key has a public JWK")
    }
    try require(!"\(key)".contains(Base64.encode(der)), "a printed key shows nothing of itself")
}

/// What is sealed opens to itself, and nothing that differs in one bit or in its context opens.
func readSealed(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let key = try? KeyEncryptionKey(base64: Base64.encode(Array(repeating: 7, count: 32))) else {
        return
    }
    if let foreign = try? SealedBytes(bytes: bytes) {
        try require((try? foreign.open(under: key, context: [])) == nil, "what was not sealed does not open")
        _ = try? SealedKey(bytes: bytes).open(issuerID: [1], kid: "k", algorithm: .es256, under: key)
        try require(
            (try? WebhookSecret(opening: bytes, issuerID: [1], under: key)) == nil,
            "no webhook secret opens that was not sealed"
        )
    }
    guard bytes.count > 4 else { return }
    let context = [bytes[0]]
    let secret = Array(bytes.dropFirst(4))
    guard let sealed = try? SealedBytes(sealing: secret, under: key, context: context) else {
        throw BrokenProperty("whatever is a secret can be sealed")
    }
    try require((try? sealed.open(under: key, context: context)) == secret, "what is sealed opens")
    try require(
        (try? sealed.open(under: key, context: context + [0])) == nil,
        "another context does not open"
    )
    var altered = sealed.bytes
    altered[(Int(bytes[1]) << 8 | Int(bytes[2])) % altered.count] ^= 1 << (bytes[3] & 7)
    let opened = (try? SealedBytes(bytes: altered)).flatMap { try? $0.open(under: key, context: context) }
    try require(opened == nil, "what was altered does not open")
}

/// A key has one spelling, and prints nothing of itself.
func readBearer(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes) else { return }
    if let key = APIKeySecret(text) {
        try require(isSame(key.reveal(), bytes), "an API key has one spelling")
        try require(!"\(key)".contains(text.suffix(43)), "a printed API key shows nothing of its secret")
    }
    if let key = ChosenKey(text) {
        try require(bytes.allSatisfy { (0x21...0x7E).contains($0) }, "a chosen key is visible ASCII")
        try require(
            !"\(key)\(String(reflecting: key))".contains(text),
            "a printed key shows nothing of itself"
        )
    }
    if let secret = WebhookSecret(text) {
        try require(bytes.count <= WebhookSecret.maximumBytes, "a webhook secret is short")
        try require(
            !"\(secret)\(String(reflecting: secret))".contains(text.dropFirst(6)),
            "nor a webhook secret"
        )
    }
}
