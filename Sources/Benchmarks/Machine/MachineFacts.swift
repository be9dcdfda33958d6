internal import CCurl
internal import COpenSSL
internal import Glibc
public import StrictJSON

/// What a run was measured on.
public struct MachineFacts: Sendable, Hashable {
    /// What the kernel calls the processor.
    public let processor: String
    /// How many of it this process may use.
    public let cores: Int
    /// Whether it has AVX512-IFMA, which makes OpenSSL's RSA twice as fast.
    public let hasIFMA: Bool
    /// Memory, in bytes.
    public let memory: Int
    /// The kernel's release.
    public let kernel: String
    /// Names and versions of what the figures depend on.
    public var versions: [Version]

    /// One library or program.
    public struct Version: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its version.
        public let text: String

        /// Makes a version.
        public init(_ name: String, _ text: String) { (self.name, self.text) = (name, text) }
    }

    /// Looks around.
    public init() {
        let info = ProcFile.text("/proc/cpuinfo").split(separator: "\n")
        func first(_ name: String) -> Substring? {
            info.first { $0.hasPrefix(name) }?.split(separator: ":", maxSplits: 1).last
        }
        processor = String((first("model name") ?? "unknown").drop { $0 == " " })
        hasIFMA = first("flags")?.split(separator: " ").contains("avx512ifma") ?? false
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        kernel = String(ProcFile.text("/proc/sys/kernel/osrelease").prefix { $0 != "\n" })
        versions = unsafe [
            Version("OpenSSL", String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))),
            Version("libcurl", String(cString: lastcall_curl_version().pointee.version)),
            Version("Swift", Self.swift),
        ]
        #if DEBUG
            versions.append(Version("build", "debug: figures mean nothing"))
        #endif
    }

    private static var swift: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// One line for people.
    public var text: String {
        let libraries = versions.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
        return "\(cores) x \(processor)\(hasIFMA ? " with" : " without") AVX512-IFMA, "
            + "\(memory >> 30) GiB, Linux \(kernel), \(libraries)"
    }

    /// The same for programs, as members of an object.
    ///
    /// - Parameter writer: inside an object.
    public func write(to writer: inout JSONWriter) {
        writer.member("processor", processor)
        writer.member("cores", cores)
        writer.member("avx512_ifma", hasIFMA)
        writer.member("memory_bytes", memory)
        writer.member("kernel", kernel)
        for version in versions { writer.member(version.name.lowercased(), version.text) }
    }
}
