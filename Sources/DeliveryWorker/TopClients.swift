/// Which clients are counted by name: the busiest ones, at most so many. All others are one, other.
///
/// A value without a clock: what was long ago, in counts, counts for less. Whoever is not among them is tallied, in
/// bounded space, and takes the place of the quietest one once it is clearly busier.
package struct TopClients: Sendable {
    /// Where one is counted.
    package enum Place: Sendable, Hashable {
        /// By its name; `instead`: the one that has lost its own.
        case named(instead: Int32?)
        /// With all the others.
        case other
    }

    /// After so many counts all tallies are halved.
    package static let period = 4_096
    /// By so much more than twice the quietest one's a tally must be, so that places do not change hands all the time.
    package static let margin = 64
    /// Others are tallied up to so many times the limit.
    private static let candidatesPerPlace = 8

    private let limit: Int
    private var named: [Int32: Int] = [:]
    private var candidates: [Int32: Int] = [:]
    private var counted = 0

    /// How many names it keeps in mind.
    package var size: Int { named.count + candidates.count }

    /// At most so many by name.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Counts one.
    package mutating func count(_ client: Int32) -> Place {
        guard limit > 0 else { return .other }
        counted += 1
        if let place = named.index(forKey: client) {
            named.values[place] += 1
            return .named(instead: nil)
        }
        guard named.count >= limit else {
            named[client] = 1
            return .named(instead: nil)
        }
        tally(client)
        if counted >= Self.period {
            counted = 0
            fade()
        }
        return change(to: client)
    }

    private mutating func tally(_ client: Int32) {
        guard candidates[client] == nil, candidates.count >= limit * Self.candidatesPerPlace else {
            candidates[client, default: 0] += 1
            return
        }
        // Misra and Gries: whoever makes up a share of all others is left over, however many others there are.
        candidates = candidates.compactMapValues { $0 > 1 ? $0 - 1 : nil }
    }

    private mutating func change(to client: Int32) -> Place {
        guard let count = candidates[client], count > Self.margin,
            let quietest = named.min(by: { $0.value < $1.value }), count > 2 * quietest.value + Self.margin
        else { return .other }
        named[quietest.key] = nil
        candidates[client] = nil
        named[client] = count
        return .named(instead: quietest.key)
    }

    /// What was long ago counts for less.
    private mutating func fade() {
        named = named.mapValues { $0 / 2 }
        candidates = candidates.compactMapValues { $0 > 1 ? $0 / 2 : nil }
    }
}
