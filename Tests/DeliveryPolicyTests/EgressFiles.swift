import DeliveryPolicy

/// The address rule as files of `deploy/`: what the network around a worker refuses, should the worker ever not.
///
/// They say what the strictest rule says, as far as blocks can: an IPv6 address that names an IPv4 address in its last
/// half, as ISATAP's do, is judged by the product alone.
enum EgressFiles {
    /// Every file and what is in it.
    static let all = [
        ("deploy/kubernetes/egress.yaml", networkPolicy), ("deploy/examples/address-rule.conf", systemd),
    ]

    private static let closed = SpecialPurposeTable.registered + SpecialPurposeTable.alwaysDenied

    /// Closed IPv4 blocks, without those inside another.
    private static let v4 = outermost(closed.filter { $0.base.family == .v4 })

    /// Closed blocks inside of what is open of IPv6.
    private static let v6 = outermost(
        closed.filter { $0.base.family == .v6 && SpecialPurposeTable.globalUnicast.contains($0.base) }
    )

    /// All of IPv6 that is not global unicast.
    private static let v6Rest = ["::/3", "4000::/2", "8000::/1"]

    private static func outermost(_ blocks: [AddressBlock]) -> [AddressBlock] {
        var kept: [AddressBlock] = []
        for block in blocks.sorted(by: { $0.prefixLength < $1.prefixLength }) {
            if !kept.contains(where: { $0.contains(block.base) }) { kept.append(block) }
        }
        return kept.sorted { ($0.base.high, $0.base.low) < ($1.base.high, $1.base.low) }
    }

    private static func excepted(_ blocks: [AddressBlock]) -> String {
        blocks.map { "              - \($0.cidr)  # \($0.name), \($0.source)" }.joined(separator: "\n")
    }

    private static let networkPolicy = """
        # Written by scripts/egress from the table of Sources/DeliveryPolicy (registries of \(SpecialPurposeTable.registryDate)); not to be edited.
        #
        # What workers may reach besides their Postgres: public addresses, nothing that the address rule denies. With
        # allow_private_networks or allow_cidrs, add a policy of your own for what they open; with allow_ports, name the ports.
        # A remote signer, an egress proxy or a collector inside of the cluster needs one, too.
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: lastcall-work
          namespace: lastcall
          labels:
            app.kubernetes.io/name: lastcall
            app.kubernetes.io/component: work
        spec:
          podSelector:
            matchLabels:
              app.kubernetes.io/name: lastcall
              app.kubernetes.io/component: work
          policyTypes: ["Egress"]
          egress:
            - to:
                - ipBlock:
                    cidr: 0.0.0.0/0
                    except:
        \(excepted(v4))
                - ipBlock:
                    cidr: \(SpecialPurposeTable.globalUnicast.cidr)
                    except:
        \(excepted(v6))
              ports:
                - protocol: TCP

        """

    private static let systemd = """
        # Written by scripts/egress from the table of Sources/DeliveryPolicy (registries of \(SpecialPurposeTable.registryDate)); not to be edited.
        #
        # A drop-in for lastcall-work.service: the kernel drops what the address rule denies. IPAddressAllow comes first, so
        # name there what the worker needs all the same: Postgres and the resolver, unless both are on this machine.
        [Service]
        IPAddressAllow=localhost
        \((v4.map(\.cidr) + v6Rest + v6.map(\.cidr)).map { "IPAddressDeny=\($0)" }.joined(separator: "\n"))

        """
}
