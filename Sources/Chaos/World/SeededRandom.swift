internal import Synchronization

/// Chance that a seed repeats: SplitMix64, of Steele, Lea and Flood 2014.
package final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    /// - Parameter seed: the same seed gives the same numbers.
    package init(seed: UInt64) { state = Mutex(seed) }

    /// The next 64 bits.
    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// A number below `bound`, which is at least 1.
    package func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    /// A number of a closed range.
    package func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// A time of a closed range, in steps of a millisecond.
    package func within(_ range: ClosedRange<Duration>) -> Duration {
        let span = (range.upperBound - range.lowerBound) / .milliseconds(1)
        return range.lowerBound + .milliseconds(below(Int(span) + 1))
    }

    /// One of a collection; `nil` where it is empty.
    package func pick<C: RandomAccessCollection>(_ choices: C) -> C.Element? {
        guard !choices.isEmpty else { return nil }
        return choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
    }

    /// A fresh source whose numbers are independent of how often this one is asked later.
    package func fork() -> SeededRandom { SeededRandom(seed: next()) }
}
