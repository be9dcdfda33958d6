/// Whether a client may be registered with the metadata that it gives.
///
/// Names are not resolved here: what they resolve to is judged when a socket is opened, every time.
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.2, narrowed to `https` and to hosts that may be called.
public struct ClientRule: Sendable, Hashable {
    /// The values of `id_token_signed_response_alg` that Lastcall signs with. Source: RFC 7518 §3.1, RFC
    /// 8037 §3.1.
    public static let signingAlgorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    /// Which hosts, ports and literal addresses may be registered; where the installation opens loopback, `http` is
    /// allowed there too.
    public let egress: EgressPolicy

    /// A rule of the operator's making.
    public init(egress: EgressPolicy) {
        self.egress = egress
    }

    /// Judges a client.
    ///
    /// - Parameters:
    ///   - uri: its `backchannel_logout_uri`; a client without one is allowed and not covered.
    ///   - sessionRequired: its `backchannel_logout_session_required`.
    ///   - algorithm: its `id_token_signed_response_alg`, spelled as in ``signingAlgorithms``.
    /// - Returns: the URI, read.
    /// - Throws: ``ClientMetadataError``, naming the first member that breaks a rule.
    public func accept(
        uri: String?,
        sessionRequired: Bool,
        algorithm: String
    ) throws(ClientMetadataError) -> LogoutURI? {
        guard Self.signingAlgorithms.contains(algorithm) else { throw .unsupportedAlgorithm }
        guard let uri else {
            guard !sessionRequired else { throw .sessionRequiredWithoutURI }
            return nil
        }
        return try accept(uri: uri)
    }

    /// Judges a URI alone, such as a completion webhook's.
    public func accept(uri text: String) throws(ClientMetadataError) -> LogoutURI {
        let uri: LogoutURI
        do { uri = try LogoutURI(text) } catch { throw .uri(error) }
        guard uri.isSecure || egress.addressRule.allowLoopback && uri.isLoopback else { throw .insecureURI }
        if let refusal = egress.refusal(of: uri) { throw .forbidden(refusal) }
        return uri
    }
}
