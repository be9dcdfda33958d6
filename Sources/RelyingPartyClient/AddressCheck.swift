import DeliveryPolicy

/// Whether one request may go to an address, and why not.
struct AddressCheck: Hashable {
    let rule: AddressRule
    /// Plain `http` has nobody's certificate: it goes to loopback and nowhere else.
    let loopbackOnly: Bool

    /// Why an address is refused, for the operator; `nil` where it is not.
    func refusal(of address: IPAddress, port: UInt16) -> String? {
        if loopbackOnly, !address.isLoopback { return "\(address): http outside loopback" }
        guard case .deny(let block) = rule.verdict(on: address, port: port) else { return nil }
        return "\(address): \(block)"
    }
}
