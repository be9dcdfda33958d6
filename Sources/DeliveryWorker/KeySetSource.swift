package import LogoutTokens

/// Where the key of one client's tokens comes from. Clients share nothing: each may trust another authority.
package struct KeySetSource: Sendable, Hashable {
    let client: Int32
    let uri: String
    let alg: KeyManagementAlgorithm
    let enc: ContentEncryption
    let issuer: String

    /// What a client registered.
    package init(
        client: Int32,
        uri: String,
        alg: KeyManagementAlgorithm,
        enc: ContentEncryption,
        issuer: String
    ) {
        self.client = client
        self.uri = uri
        self.alg = alg
        self.enc = enc
        self.issuer = issuer
    }
}
