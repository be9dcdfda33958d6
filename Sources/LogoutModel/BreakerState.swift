/// Whether a client's deliveries are sent, as its breaker decides. The raw value is what callers see.
public enum BreakerState: String, Sendable, Hashable, CaseIterable {
    /// Attempts go through.
    case closed
    /// No attempt goes through.
    case open
    /// One attempt at a time goes through and decides.
    case halfOpen = "half_open"
}
