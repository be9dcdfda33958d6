import DeliveryPolicy

/// Whether a client's URI may be called under the rules of its issuer: worked out when either has changed, so that an
/// attempt only looks.
enum RecipientEgress: Sendable {
    /// At the addresses that this rule allows, judged when a socket is opened.
    case open(AddressRule)
    /// Not at all: its host or its port is forbidden. The text says why, for the operator.
    case closed(String)

    /// - Parameters:
    ///   - uri: the client's URI; without one nothing is called.
    ///   - policy: the issuer's rules; `nil` where they cannot be read.
    init(of uri: String?, under policy: EgressPolicy?) {
        guard let policy else {
            self = .closed("The issuer's egress cannot be read.")
            return
        }
        guard let uri else {
            self = .open(policy.addressRule)
            return
        }
        do {
            self =
                try policy.refusal(of: LogoutURI(uri)).map { .closed($0.rule) } ?? .open(policy.addressRule)
        } catch {
            self = .closed(error.rule)
        }
    }
}
