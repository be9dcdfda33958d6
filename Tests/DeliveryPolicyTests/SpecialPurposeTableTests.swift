import DeliveryPolicy
import Foundation
import Testing

@Suite("Special-purpose table")
struct SpecialPurposeTableTests {
    let oracle: RegistryOracle

    init() throws {
        oracle = try RegistryOracle()
    }

    @Test("every row of the registries is in the table, under its name, and nothing else")
    func isComplete() throws {
        #expect(oracle.registered.count == 51)
        #expect(SpecialPurposeTable.registered.count == oracle.registered.count)
        for (block, row) in zip(SpecialPurposeTable.registered, oracle.registered) {
            let base = try #require(RegistryOracle.number(of: "\(block.base)"))
            let length = row.block.cidr.split(separator: "/")[1]
            #expect(base == row.block.first && "\(block.prefixLength)" == length, "\(row.block.cidr)")
            #expect(block.name.filter { $0 != "\"" } == row.name)
        }
        #expect(SpecialPurposeTable.registryDate == "2025-10-09")
    }

    @Test("the table is what scripts/address-table writes")
    func isGenerated() async throws {
        #expect(try await Self.shell("scripts/address-table --check") == 0)
    }

    @Test(
        "a table or a registry that somebody has edited is found out",
        arguments: [
            "SpecialPurposeTable+Registered.swift", "Registries/iana-ipv4-special-registry-1.csv",
            "Registries/iana-ipv6-special-registry-1.csv",
        ]
    )
    func editsAreSeen(file: String) async throws {
        let copy = """
            copy=$(mktemp -d) && trap 'rm -rf "$copy"' EXIT && mkdir -p "$copy/scripts" "$copy/Sources" \
            && cp scripts/address-table "$copy/scripts" && cp -R Sources/DeliveryPolicy "$copy/Sources"
            """
        let edit = "sed -i 's/Benchmarking/Bench/' \"$copy/Sources/DeliveryPolicy/\(file)\""
        let check = "\"$copy/scripts/address-table\" --check >\"$copy/log\" 2>&1"
        #expect(try await Self.shell("\(copy) && \(check)") == 0)
        #expect(try await Self.shell("\(copy) && \(edit) && if \(check); then exit 0; else exit 7; fi") == 7)
    }

    @Test(
        "the first and the last address of each row are denied, and those beside it where another row has them"
    )
    func edges() {
        for (block, _) in oracle.registered {
            for number in [block.first, block.last] {
                #expect(isDenied(number, isV4: block.isV4), "\(block.cidr)")
            }
            for number in [block.first &- 1, block.last &+ 1] {
                // Before the first address there is, and behind the last one.
                if block.isV4, number > UInt128(UInt32.max) { continue }
                let expected = oracle.denies(number, isV4: block.isV4)
                let text = RegistryOracle.text(of: number, isV4: block.isV4)
                #expect(isDenied(number, isV4: block.isV4) == expected, "\(text) beside \(block.cidr)")
            }
        }
    }

    @Test("200,000 addresses spread over both families are judged as the registries say")
    func spread() {
        var state: UInt64 = 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32
        }
        var (denied, wrong): (Int, [String]) = (0, [])
        for _ in 0..<100_000 {
            let v4 = UInt128(next() & 0xFFFF_FFFF)
            if isDenied(v4, isV4: true) != oracle.denies(v4, isV4: true) {
                wrong.append(RegistryOracle.text(of: v4, isV4: true))
            }
            // Half of them inside 2000::/3, where most is allowed.
            var v6 = (0..<4).reduce(UInt128(0)) { sum, _ in sum << 32 | UInt128(next() & 0xFFFF_FFFF) }
            if v6 & 1 == 0 { v6 = v6 >> 3 | UInt128(1) << 125 }
            let isDenied = isDenied(v6, isV4: false)
            if isDenied != oracle.denies(v6, isV4: false) {
                wrong.append(RegistryOracle.text(of: v6, isV4: false))
            }
            if isDenied { denied += 1 }
        }
        #expect(wrong.isEmpty)
        #expect((40_000...60_000).contains(denied))
    }

    @Test("every entry says what it is and where that is laid down")
    func explainsItself() {
        for block in SpecialPurposeTable.registered + SpecialPurposeTable.alwaysDenied {
            #expect(!block.name.isEmpty)
            #expect(!block.source.isEmpty)
        }
    }

    @Test("the lists that settings open are whole")
    func opensWholeLists() {
        #expect(
            SpecialPurposeTable.privateNetworks.map(\.cidr)
                == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
        )
        #expect(SpecialPurposeTable.loopback.map(\.cidr) == ["127.0.0.0/8", "::1/128"])
        #expect(SpecialPurposeTable.alwaysDenied.count == 24)
    }

    private func isDenied(_ number: UInt128, isV4: Bool) -> Bool {
        let address =
            isV4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: number))
            : IPAddress(
                v6High: UInt64(truncatingIfNeeded: number >> 64),
                v6Low: UInt64(truncatingIfNeeded: number)
            )
        return AddressRule().verdict(on: address, port: 443).isDenied
    }

    /// Runs a line of shell in the package's folder; returns its exit status.
    private static func shell(_ line: String) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(filePath: RegistryOracle.package)
        // Its own: this process's environment must not be read while another test sets a variable.
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
