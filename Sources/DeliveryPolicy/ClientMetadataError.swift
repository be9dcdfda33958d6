/// Why a client cannot be registered as it is described.
public enum ClientMetadataError: Error, Sendable, Hashable {
    /// The `backchannel_logout_uri` is no URI that Lastcall calls.
    case uri(LogoutURIError)
    /// `http` is for loopback alone, and there only where the operator allows it.
    case insecureURI
    /// The operator's rules close the host, the port, or the address that the host is.
    case forbidden(EgressRefusal)
    /// `backchannel_logout_session_required` says nothing without a `backchannel_logout_uri`.
    case sessionRequiredWithoutURI
    /// The `id_token_signed_response_alg` is none that Lastcall signs with.
    case unsupportedAlgorithm

    /// The member that is meant, as a JSON pointer.
    public var member: String {
        switch self {
        case .uri, .insecureURI, .forbidden: "/backchannel_logout_uri"
        case .sessionRequiredWithoutURI: "/backchannel_logout_session_required"
        case .unsupportedAlgorithm: "/id_token_signed_response_alg"
        }
    }

    /// The rule that is broken, as one sentence.
    public var rule: String {
        switch self {
        case .uri(let error): error.rule
        case .insecureURI: "The scheme must be https."
        case .forbidden(let refusal): refusal.rule
        case .sessionRequiredWithoutURI:
            "A session can be required only where there is a backchannel_logout_uri."
        case .unsupportedAlgorithm:
            "The algorithm must be one of: \(ClientRule.signingAlgorithms.joined(separator: ", "))."
        }
    }
}
