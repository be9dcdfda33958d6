internal import Glibc

/// A wait of the benchmark's thread between two looks.
enum Pause {
    static func milliseconds(_ count: Int) {
        usleep(UInt32(clamping: count * 1_000))
    }
}
