internal import Glibc

/// How long this disk takes to make 8 kB durable, as Postgres's WAL does at a commit.
enum FsyncProbe {
    /// At most this many writes, and at most a second.
    static let writes = 200

    /// Writes into a file in a folder and removes it.
    ///
    /// - Returns: microseconds of each write with its `fdatasync`.
    static func microseconds(in folder: String) throws(BenchmarkError) -> [Double] {
        let path = folder + "/fsync-probe"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BenchmarkError("\(path) cannot be written: errno \(errno)") }
        defer {
            close(descriptor)
            unsafe unlink(path)
        }
        let page = [UInt8](repeating: 0x4C, count: 8_192)
        // A file that has its length already: WAL segments are reused too.
        for index in 0..<writes { _ = unsafe pwrite(descriptor, page, page.count, index * page.count) }
        guard fsync(descriptor) == 0 else { throw BenchmarkError("fsync: errno \(errno)") }
        let clock = ContinuousClock()
        let start = clock.now
        var times: [Double] = []
        while times.count < writes, clock.now - start < .seconds(1) {
            let begin = clock.now
            _ = unsafe pwrite(descriptor, page, page.count, times.count * page.count)
            guard fdatasync(descriptor) == 0 else { throw BenchmarkError("fdatasync: errno \(errno)") }
            times.append((clock.now - begin).microseconds)
        }
        return times
    }
}

extension Duration {
    var microseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    }

    var inSeconds: Double { microseconds / 1e6 }
}
