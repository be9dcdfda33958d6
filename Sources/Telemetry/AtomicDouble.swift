import Synchronization

/// A number that many threads change without a lock.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)  // the bit pattern of 0.0

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        var done = false
        while !done {
            let sum = (Double(bitPattern: seen) + amount).bitPattern
            (done, seen) = bits.weakCompareExchange(expected: seen, desired: sum, ordering: .relaxed)
        }
    }
}
