import Synchronization

/// Counts what happens in several tasks.
final class Turns: Sendable {
    private let number = Atomic<Int>(0)

    func add() { number.add(1, ordering: .relaxed) }

    var count: Int { number.load(ordering: .relaxed) }
}
