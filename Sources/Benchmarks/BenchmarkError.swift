/// Why a scenario could not be measured; one line for people.
public struct BenchmarkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    /// Makes an error.
    ///
    /// - Parameter description: one line, without secrets.
    public init(_ description: String) { self.description = description }

    /// Ctrl-C or SIGTERM came.
    static let interrupted = BenchmarkError("interrupted")
}
