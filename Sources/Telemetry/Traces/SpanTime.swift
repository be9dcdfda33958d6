import Glibc
public import Tracing

/// A moment of a span, on the wall clock.
public struct SpanTime: TracerInstant {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public let nanosecondsSinceEpoch: UInt64

    /// A moment as the wall clock says it.
    public init(nanosecondsSinceEpoch: UInt64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// A moment of the monotonic clock, as the wall clock would have said it if it had not been set since.
    public init(_ instant: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - instant).components
        let ago = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        nanosecondsSinceEpoch = UInt64(max(0, Int64(Self.now.nanosecondsSinceEpoch) - ago))
    }

    /// The wall clock.
    public static var now: SpanTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return SpanTime(nanosecondsSinceEpoch: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Whether one moment is before another.
    public static func < (left: SpanTime, right: SpanTime) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}
