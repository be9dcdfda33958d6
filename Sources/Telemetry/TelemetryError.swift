/// Why a sink or a histogram cannot be made. Neither logging nor counting ever fails.
public enum TelemetryError: Error, Sendable, Hashable {
    /// The descriptor for log lines cannot be duplicated; `code` is the `errno` of it.
    case descriptorUnusable(descriptor: Int32, code: Int32)
    /// The machine gives no thread to write log lines; `code` is what `pthread_create` returned.
    case noThread(code: Int32)
    /// A histogram has 1 to 64 bounds; this one has another number.
    case bucketCount(Int)
    /// The bound at this index, from 0, is infinite or not a number; `+Inf` is always added.
    case bucketNotFinite(index: Int)
    /// The bound at this index, from 0, is not above the one before it.
    case bucketsNotAscending(index: Int)
}
