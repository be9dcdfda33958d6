internal import Glibc

/// Clocks, in nanoseconds: every figure of a benchmark is a difference of two readings.
public enum Moment {
    /// `CLOCK_MONOTONIC`, which all processes of a machine share.
    public static var now: UInt64 { read(CLOCK_MONOTONIC) }

    /// The CPU time that the calling thread has used.
    public static var threadCPU: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: Int32) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
