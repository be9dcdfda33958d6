import Glibc

/// Connections to RPs and callers need descriptors; the usual soft limit of 1,024 is for programs that use select.
enum DescriptorLimit {
    /// Raises the soft limit to what the system allows this process.
    static func raise() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}
