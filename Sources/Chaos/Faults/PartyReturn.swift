internal import Benchmarks

/// How relying parties that were down are told again: a value, of what they received.
package struct PartyReturn: Sendable {
    /// How long after its return each party is watched.
    package static let window = Duration.seconds(10)
    private static let second: UInt64 = 1_000_000_000

    /// When each was told first, by party.
    package let first: [Int: UInt64]
    /// POSTs a second that each got in its window, from its first on.
    package let rates: [Double]
    /// The most that each got in one second of its window.
    package let peaks: [Double]

    /// Looks at what came since a moment.
    ///
    /// - Parameters:
    ///   - parties: who was down.
    ///   - back: when they came back, on `CLOCK_MONOTONIC`.
    ///   - posts: all that came.
    package init(of parties: [Int], at back: UInt64, in posts: [ReceivedPost]) {
        let wanted = Set(parties)
        let later = posts.filter { $0.arrivedAt >= back && wanted.contains($0.party) }
        first = later.reduce(into: [:]) { first, post in
            first[post.party] = min(first[post.party] ?? .max, post.arrivedAt)
        }
        let length = UInt64(Self.window / .nanoseconds(1))
        let arrivals = Dictionary(grouping: later, by: \.party).mapValues { $0.map(\.arrivedAt) }
        let watched = first.map { party, start in
            (arrivals[party] ?? []).filter { $0 < start + length }.map { ($0 - start) / Self.second }
        }
        rates = watched.map { Double($0.count) / (Self.window / .seconds(1)) }
        peaks = watched.map { seconds in
            Double(Dictionary(grouping: seconds) { $0 }.values.map(\.count).max() ?? 0)
        }
    }

    /// POSTs a second that one of them gets in its window, on average.
    package var rate: Double { rates.reduce(0, +) / Double(max(1, rates.count)) }
}
