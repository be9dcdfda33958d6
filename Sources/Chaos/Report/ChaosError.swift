/// Why a fault could not be played or accounts could not be drawn up: the harness's own failure, not a finding.
package struct ChaosError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    package let description: String

    /// - Parameter description: what went wrong, for whoever runs the harness.
    package init(_ description: String) { self.description = description }
}
