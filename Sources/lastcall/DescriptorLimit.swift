import Glibc

/// Connections to RPs and callers need descriptors; the usual soft limit of 1,024 is for programs that use select.
enum DescriptorLimit {
    /// Raises the soft limit to what the system allows this process, and says how many that are.
    static func raise() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
        _ = unsafe getrlimit(resource, &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
