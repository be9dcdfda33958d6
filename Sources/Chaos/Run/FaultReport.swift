package import Benchmarks

/// What one fault came to under one seed.
package struct FaultReport: Sendable {
    /// The fault.
    package let name: String
    /// What happened.
    package let sentence: String
    /// The seed of every choice.
    package let seed: UInt64
    /// What was owed and done; `nil` where the fault could not be played.
    package internal(set) var accounts: Accounts?
    /// What the fault found by itself, and whether all processes lived.
    package internal(set) var checks: [Check] = []
    /// Lines that the fault wrote.
    package internal(set) var notes: [String] = []
    /// Why the fault could not be played.
    package internal(set) var failure: String?
    /// How long all of it took.
    package internal(set) var seconds = 0.0

    /// - Parameters:
    ///   - name: the fault.
    ///   - sentence: what happened.
    ///   - seed: of every choice.
    package init(name: String, sentence: String, seed: UInt64) {
        (self.name, self.sentence, self.seed) = (name, sentence, seed)
    }

    /// Everything that must hold.
    package var allChecks: [Check] { (accounts?.checks ?? []) + checks }
    /// Whether it was played and there is no difference.
    package var isBalanced: Bool { failure == nil && accounts != nil && allChecks.allSatisfy(\.holds) }
}
