/// How many connections one process may hold, with the descriptors that the system allows it.
///
/// A process that can open nothing at all is worse off than one that turns connections away: Swift's runtime ends it.
public struct DescriptorBudget: Sendable, Hashable {
    /// Kept for files, the log, names that are looked up, and what libraries open for a moment.
    public static let reserve = 256

    /// Connections of callers.
    public let apiConnections: Int
    /// Connections to relying parties that are kept.
    public let keptConnections: Int
    /// Descriptors that the settings ask for.
    public let wanted: Int
    /// Whether there are fewer than that.
    public let isShort: Bool

    /// Shares descriptors out.
    ///
    /// - Parameters:
    ///   - limit: what the system allows.
    ///   - apiConnections: what the settings say; 0 where the process serves nobody.
    ///   - keptConnections: what the settings say; 0 where it delivers nothing.
    ///   - others: connections that cannot be fewer: attempts in flight and sessions of Postgres.
    public init(limit: Int, apiConnections: Int, keptConnections: Int, others: Int) {
        let fixed = others + Self.reserve
        wanted = apiConnections + keptConnections + fixed
        isShort = wanted > limit
        guard isShort else {
            (self.apiConnections, self.keptConnections) = (apiConnections, keptConnections)
            return
        }
        let part = Double(max(0, limit - fixed)) / Double(max(1, apiConnections + keptConnections))
        self.apiConnections = Self.share(apiConnections, part)
        self.keptConnections = Self.share(keptConnections, part)
    }

    private static func share(_ number: Int, _ part: Double) -> Int {
        min(number, max(1, Int(Double(number) * part)))
    }
}
