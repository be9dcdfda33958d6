/// IPv6 addresses that somebody on the way turns into IPv4 addresses.
///
/// Nearly all of these forms are closed. Where an operator opens one, to reach the IPv4 Internet through NAT64 for
/// example, it must not lead to an IPv4 address that is closed itself.
extension AddressRule {
    /// Why an address that may be called itself must not be: what a translator or tunnel would make of it is closed.
    func denial(behind address: IPAddress, _ verdict: AddressVerdict) -> AddressVerdict? {
        if address.high == 0x0064_FF9B_0000_0000, address.low >> 32 == 0 {
            return denial(of: address.lowestBits)  // NAT64's well-known prefix, RFC 6052 §2.1
        }
        if address.high >> 16 == 0x0064_FF9B_0001 {
            return denial(behindLocalTranslator: address, verdict)
        }
        if address.high >> 48 == 0x2002 {
            return denial(of: UInt32(truncatingIfNeeded: address.high >> 16))  // 6to4, RFC 3056 §2
        }
        if address.high >> 32 == 0x2001_0000 {
            // Teredo, RFC 4380 §4: the server, and the client with its bits turned.
            return denial(of: UInt32(truncatingIfNeeded: address.high)) ?? denial(of: ~address.lowestBits)
        }
        let marker = address.low >> 32
        if address.high == 0, marker == 0 || marker == 0xFFFF_0000, address.low > 1 {
            // IPv4-compatible, RFC 4291 §2.5.5.1, and IPv4-translated, RFC 2765 §2.1. ::1 is neither.
            return denial(of: address.lowestBits)
        }
        if marker & 0xFDFF_FFFF == 0x0000_5EFE {
            return denial(of: address.lowestBits)  // ISATAP, RFC 5214 §6.1, under any prefix
        }
        return nil
    }

    /// NAT64 under `64:ff9b:1::/48` (RFC 8215), where the length of the operator's block is that of the prefix.
    ///
    /// Source: RFC 6052 §2.2. Bits 64 to 71 and those behind the IPv4 address are zero; an address that has others
    /// could be meant for another translator, and is closed.
    private func denial(behindLocalTranslator address: IPAddress, _ verdict: AddressVerdict)
        -> AddressVerdict?
    {
        guard case .allowByOperator(let block) = verdict, [48, 56, 64].contains(block.prefixLength) else {
            return denial(of: address.lowestBits)
        }
        // With bits 64 to 71 cut out, the IPv4 address stands in one piece behind the prefix.
        let prefix = UInt64(block.prefixLength)
        let afterOctet = address.low << 8
        guard address.low >> 56 == 0, afterOctet << (prefix - 32) == 0 else {
            let name = "no IPv4 address behind a prefix of \(prefix) bits"
            return .deny(
                AddressBlock(around: address, prefixLength: 128, name: name, source: "RFC 6052 §2.2")
            )
        }
        let behind = address.high << prefix | afterOctet >> (64 - prefix)
        return denial(of: UInt32(truncatingIfNeeded: behind >> 32))
    }

    private func denial(of v4: UInt32) -> AddressVerdict? {
        let verdict = verdict(on: IPAddress(v4: v4))
        return verdict.isDenied ? verdict : nil
    }
}

extension IPAddress {
    /// The last 32 bits.
    fileprivate var lowestBits: UInt32 { UInt32(truncatingIfNeeded: low) }
}
