package import Benchmarks

/// What was owed and what was done, after the fault: each difference is a check that does not hold.
package struct Accounts: Sendable {
    /// What must hold, in order.
    package var checks: [Check] = []
    /// Logouts that were answered 2xx.
    package var accepted = 0
    /// Calls that were answered 4xx.
    package var refused = 0
    /// Targets of accepted logouts.
    package var owed = 0
    /// Of those, without their end or without the POST that the end speaks of.
    package var lost = 0
    /// Second POSTs of a delivery that an earlier attempt explains.
    package var duplicatesExplained = 0
    /// From the end of a worker to the next attempt at what it had, in seconds.
    package var takeover = Statistics([Double]())
    /// From the fault's end to the first delivery of a logout that was reported later, in seconds.
    package var firstDelivery: Double?
    /// From the fault's end until p99 is back, in seconds.
    package var recovery: Double?
    /// p99 from call to POST before the fault, in milliseconds.
    package var baseline: Double?

    /// Whether there is no difference.
    package var isBalanced: Bool { checks.allSatisfy(\.holds) }
}
