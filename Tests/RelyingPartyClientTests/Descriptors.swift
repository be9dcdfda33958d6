import Glibc

/// Takes every descriptor that a process may have. Only for processes of their own: see exit tests.
enum Descriptors {
    static func whileExhausted<Result>(_ body: () async throws -> Result) async throws -> Result {
        var limit = rlimit()
        limit.rlim_cur = 256
        limit.rlim_max = 256
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var taken: [Int32] = []
        while case let copy = dup(0), copy >= 0 { taken.append(copy) }
        defer { for descriptor in taken { close(descriptor) } }
        return try await body()
    }
}
