import DeliveryPolicy
import Foundation
import Testing

@Suite("The address rule in files of deploy/")
struct EgressFilesTests {
    @Test("a written file is what the table says; if not, run scripts/egress", arguments: EgressFiles.all)
    func written(path: String, text: String) throws {
        let file = RegistryOracle.package + "/" + path
        if ProcessInfo.processInfo.environment["LASTCALL_WRITE_EGRESS"] != nil {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test("an exception of the network policy lies inside its block, or a cluster refuses the policy")
    func exceptionsAreInside() throws {
        let blocks = try Self.policy()
        #expect(blocks.map(\.open.cidr) == ["0.0.0.0/0", "2000::/3"])
        for (open, closed) in blocks {
            #expect(!closed.isEmpty)
            for block in closed {
                #expect(
                    open.contains(block.first, isV4: block.isV4) && block.cidr != open.cidr,
                    "\(block.cidr)"
                )
            }
        }
    }

    @Test("beside every edge of the files, and at 100,000 addresses, they deny what the rule denies")
    func agrees() throws {
        let (policy, denied) = (try Self.policy(), try Self.deniedBySystemd())
        var numbers: [(UInt128, Bool)] = []
        for block in policy.flatMap({ [$0.open] + $0.closed }) + denied {
            let beside = [block.first, block.last, block.first &- 1, block.last &+ 1]
            numbers += beside.map { (block.isV4 ? $0 & 0xFFFF_FFFF : $0, block.isV4) }
        }
        var state: UInt64 = 7
        func next() -> UInt128 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt128(state >> 32)
        }
        for _ in 0..<50_000 {
            numbers.append((next(), true))
            let v6 = (0..<4).reduce(UInt128(0)) { sum, _ in sum << 32 | next() }
            numbers.append((v6 & 1 == 0 ? v6 >> 3 | UInt128(1) << 125 : v6, false))
        }
        for (number, isV4) in numbers {
            let isDenied = Self.isDenied(number, isV4: isV4)
            let isOpen = policy.contains { open, closed in
                open.contains(number, isV4: isV4) && !closed.contains { $0.contains(number, isV4: isV4) }
            }
            let text = RegistryOracle.text(of: number, isV4: isV4)
            #expect(isOpen != isDenied, "\(text) in the network policy")
            #expect(denied.contains { $0.contains(number, isV4: isV4) } == isDenied, "\(text) in the drop-in")
        }
    }

    private static func isDenied(_ number: UInt128, isV4: Bool) -> Bool {
        let (high, low) = (UInt64(truncatingIfNeeded: number >> 64), UInt64(truncatingIfNeeded: number))
        let address =
            isV4 ? IPAddress(v4: UInt32(truncatingIfNeeded: number)) : IPAddress(v6High: high, v6Low: low)
        return AddressRule().verdict(on: address, port: 443).isDenied
    }

    /// The blocks of the policy as a cluster reads them.
    private static func policy() throws -> [(open: RegistryOracle.Block, closed: [RegistryOracle.Block])] {
        var blocks: [(open: RegistryOracle.Block, closed: [RegistryOracle.Block])] = []
        for line in try lines("deploy/kubernetes/egress.yaml") {
            let words = line.split(separator: " ").map(String.init)
            if words.first == "cidr:" {
                blocks.append((try #require(RegistryOracle.Block(words[1])), []))
            } else if words.first == "-", let block = RegistryOracle.Block(words[1]) {
                blocks[blocks.count - 1].closed.append(block)
            }
        }
        return blocks
    }

    private static func deniedBySystemd() throws -> [RegistryOracle.Block] {
        try lines("deploy/examples/address-rule.conf").compactMap { line in
            guard line.hasPrefix("IPAddressDeny=") else { return nil }
            let block: RegistryOracle.Block = try #require(
                RegistryOracle.Block(String(line.dropFirst("IPAddressDeny=".count)))
            )
            return block
        }
    }

    private static func lines(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: RegistryOracle.package + "/" + path, encoding: .utf8).split(
            separator: "\n"
        )
    }
}
