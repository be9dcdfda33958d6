import Testing

@testable import Chaos

@Suite("Seeded chance")
struct SeededRandomTests {
    @Test("a seed repeats its numbers, another gives others, and bounds are kept")
    func repeats() {
        let (one, same, other) = (SeededRandom(seed: 7), SeededRandom(seed: 7), SeededRandom(seed: 8))
        let numbers = (0..<100).map { _ in one.below(1_000) }
        #expect((0..<100).map { _ in same.below(1_000) } == numbers)
        #expect((0..<100).map { _ in other.below(1_000) } != numbers)
        #expect(numbers.allSatisfy { (0..<1_000).contains($0) })
        #expect((0..<1_000).map { _ in one.within(3...4) }.allSatisfy { $0 == 3 || $0 == 4 })
        #expect([Int]().isEmpty && one.pick([Int]()) == nil)
    }

    /// The first numbers of seed 0, as SplitMix64 is published with.
    @Test("the numbers are SplitMix64's")
    func known() {
        let random = SeededRandom(seed: 0)
        #expect(random.next() == 0xE220_A839_7B1D_CDAF)
        #expect(random.next() == 0x6E78_9E6A_A1B9_65F4)
    }
}
