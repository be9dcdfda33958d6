/// The only source of chance in a simulation: SplitMix64, so that a seed is a whole history.
package struct SimulationRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A sequence of its own for each seed.
    package init(seed: UInt64) {
        state = seed
        // Neighbouring seeds differ from the first draw on.
        _ = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// One uniform draw in `0 ..< 1`.
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Whether something of this probability happens.
    package mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// A number in a range.
    package mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// One of these; never asked for one of none.
    package mutating func one<Element>(of choices: [Element]) -> Element {
        choices[within(0...(choices.count - 1))]
    }

    /// A time in microseconds, of the order of the shorter as a rule: drawn evenly on a logarithmic scale.
    package mutating func time(_ shortest: Int, _ longest: Int) -> Int {
        var low = shortest
        while low * 4 < longest, chance(0.6) { low *= 4 }
        return within(low...min(low * 4, max(longest, low)))
    }
}
