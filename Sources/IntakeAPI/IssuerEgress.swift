import DeliveryPolicy
import LogoutModel
import Outbox
import StrictJSON

extension APISettings {
    /// Where an issuer's requests may go: its own rule and the installation's.
    func egressPolicy(of issuer: EgressRule) -> EgressPolicy {
        EgressPolicy(addressRule: addressRule, installation: egress, issuer: issuer)
    }
}

extension LastcallAPI {
    /// Where the requests of the issuer in the path may go.
    ///
    /// Read outside the transaction that registers: a rule that changes in between is judged again at each attempt.
    func egressPolicy(of call: Call) async throws -> EgressPolicy {
        guard let name = call.issuer?.name, let issuer = try await store.issuer(named: name) else {
            throw Problem.notFound
        }
        guard let rule = try? EgressRule(stored: issuer.settings.egress) else { throw Problem.internalError }
        return settings.egressPolicy(of: rule)
    }
}

extension JSONWriter {
    /// What an audit event says of an issuer's egress that has changed: all of it, before and after.
    mutating func egressChange(from before: Issuer.Settings?, to after: Issuer.Settings) {
        let old = before?.egress ?? "{}"
        // The stored text is spaced and ordered by Postgres; what it says is compared.
        guard (try? EgressRule(stored: old)) != (try? EgressRule(stored: after.egress)) else { return }
        name("egress")
        raw(after.egress.utf8)
        guard before != nil else { return }
        name("old_egress")
        raw(old.utf8)
    }
}
