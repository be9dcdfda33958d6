import Glibc
import LastcallTestKit

/// What is the same for all parts of the proof: the name server, the RP at every address, the capture.
struct Stage {
    let table: CaseTable
    let authority: CertificateAuthority
    let caFile: String
    let nameServer: ScriptedNameServer
    let party: ScriptedRelyingParty
    let capture: PacketCapture

    static let apiPort: UInt16 = 8_080
    static let adminPort: UInt16 = 8_081
    /// What belongs to the stage itself.
    static let own: Set<PacketCapture.Destination> = [
        .init("udp", "127.0.0.1", 53), .init("tcp", "127.0.0.1", 53), .init("tcp", "127.0.0.1", apiPort),
        .init("tcp", "127.0.0.1", adminPort),
    ]
    /// The proxies that the environment names: inside denied space, so that one use of them is seen.
    static let deadProxy = "http://10.9.9.9:3128"
    static let proxyVariables = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY",
    ]

    init() throws {
        let table = CaseTable.all()
        let test = try TestAuthority.shared()
        self.table = table
        (authority, caFile) = (test.authority, test.caFile)
        nameServer = try ScriptedNameServer(names: table.names)
        let addresses = [CaseTable.publicV4, CaseTable.publicV6, "10.0.0.1", "127.0.0.1", "::1"]
        party = try ScriptedRelyingParty(
            everywhereAt: 443,
            authority: authority,
            names: ["*.\(CaseTable.domain)", "localhost", "ip6-localhost", "ip6-loopback"],
            addresses: addresses
        )
        let steps = Dictionary(uniqueKeysWithValues: table.cases.map { ($0.path, $0.it.step) })
        party.always(.decide { request in steps[request.target] ?? .ok })
        capture = try PacketCapture()
    }

    /// What of a capture must not be there.
    func forbidden(
        _ seen: Set<PacketCapture.Destination>,
        except others: (Address) -> Bool = { _ in false }
    ) -> [String] {
        seen.subtracting(Self.own).filter { place in
            guard place.transport == "tcp", let address = Address(place.address) else { return true }
            return AddressSpace.isDenied(address) && !others(address)
        }
        .map(\.description).sorted()
    }

    /// Connects to both ends of every denied block, and has to see that: otherwise seeing nothing means nothing.
    func control(_ report: Report) throws {
        report.begin("The capture sees denied space when somebody does go there")
        for block in AddressSpace.blocks {
            for address in Set([block.first, block.last]) {
                _ = try capture.take()
                let code = connect(to: address)
                let seen = try capture.take().filter { $0.port == 443 }
                // What the kernel itself has no way to: multicast, broadcast, link-local without an interface.
                let isImpossible = [EINVAL, ENETUNREACH, EACCES, EADDRNOTAVAIL].contains(code)
                let outcome = isImpossible ? "refused by the kernel" : "seen"
                let problem = seen.isEmpty != isImpossible ? "\(seen), errno \(code)" : nil
                report.line("control", "\(address)", outcome, problem: problem)
            }
        }
    }

    /// A connection that is closed at once; its `errno`, or 0.
    private func connect(to address: Address) -> Int32 {
        let family = address.isV6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var name = [UInt8](repeating: 0, count: address.isV6 ? 28 : 16)
        (name[0], name[2], name[3]) = (UInt8(family), 0x01, 0xBB)  // port 443
        name.replaceSubrange(address.isV6 ? 8..<24 : 4..<8, with: address.bytes)
        let code = unsafe name.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return Int32(-1) }
            return unsafe Glibc.connect(
                descriptor,
                base.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count)
            )
        }
        return code == 0 ? 0 : errno
    }
}
