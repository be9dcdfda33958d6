internal import FoundationEssentials
internal import Glibc

/// What the kernel says in `/proc`.
public enum ProcFile {
    /// A file's text; empty where it cannot be read.
    ///
    /// - Parameter path: of the file, whose size the kernel need not know.
    /// - Returns: all of it.
    public static func text(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The fields of `/proc/PID/stat` behind the name, which may hold anything: index n is field n + 3 of proc(5). Empty for
    /// a process that is gone.
    static func statFields(of process: pid_t) -> [Substring] {
        let text = text("/proc/\(process)/stat")
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// The children of a process that run, whichever of its threads started them.
    static func children(of process: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { child in
            let fields = statFields(of: child)
            return fields.count > 1 && pid_t(fields[1]) == process
        }
    }
}
