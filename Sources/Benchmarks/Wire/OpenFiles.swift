internal import Glibc

/// How many descriptors this process may hold: ten thousand relying parties need more than the usual 1,024.
public enum OpenFiles {
    /// Raises the limit to what is wanted, or as far as the system lets it be raised.
    ///
    /// - Parameter wanted: how many are needed at once.
    /// - Returns: how many there may be now.
    @discardableResult
    public static func raise(to wanted: Int) -> Int {
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
        if limit.rlim_max < rlim_t(wanted) {
            // Only root may raise the upper one; where that fails the lower one still rises to it.
            var higher = rlimit(rlim_cur: rlim_t(wanted), rlim_max: rlim_t(wanted))
            if unsafe setrlimit(resource, &higher) == 0 { return wanted }
        }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
