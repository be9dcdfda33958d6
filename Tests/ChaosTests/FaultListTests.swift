import Testing

@testable import Chaos

@Suite("The faults")
struct FaultListTests {
    @Test("names are unique and kebab-case, and each says what happens")
    func names() {
        let names = FaultList.all.map(\.name)
        #expect(Set(names).count == names.count)
        for fault in FaultList.all {
            #expect(
                fault.name.allSatisfy { $0.isLowercase && $0.isASCII || $0 == "-" || $0.isNumber },
                "\(fault.name)"
            )
            #expect(fault.sentence.count > 20 && !fault.sentence.hasSuffix("."), "\(fault.name)")
        }
    }

    @Test("faults are found by name, and an unknown name says which there are")
    func find() throws {
        #expect(
            try FaultList.named(["worker-killed", "fleet-killed"]).map(\.name) == [
                "worker-killed", "fleet-killed",
            ]
        )
        let error = #expect(throws: ChaosError.self) { try FaultList.named(["worker-kiled"]) }
        #expect(error?.description.contains("worker-killed") == true)
    }
}
