import FoundationEssentials
import Glibc

/// Reads what `procfs` says of this process. Source: proc(5).
struct ProcessReading: Sendable {
    let directory: String

    /// The size of the pages in memory.
    func residentBytes() -> Double? {
        statField(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
    }

    /// User and system time together.
    func cpuSeconds() -> Double? {
        guard let user = statField(14), let system = statField(15) else { return nil }
        return (user + system) / Self.ticksPerSecond
    }

    /// Seconds since 1970-01-01T00:00:00Z, as good as the machine knows when it was booted.
    func startSeconds() -> Double? {
        guard let sinceBoot = statField(22), let boot = number(afterPrefix: "btime ", in: "stat") else {
            return nil
        }
        return boot + sinceBoot / Self.ticksPerSecond
    }

    /// The number of open descriptors, without the one that counts them.
    func openDescriptors() -> Double? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory + "/self/fd") else {
            return nil
        }
        return Double(max(0, names.count - 1))
    }

    /// The soft limit on open descriptors; infinite where there is none.
    func descriptorLimit() -> Double? {
        let prefix = "Max open files"
        guard let line = lines(of: "self/limits").first(where: { $0.hasPrefix(prefix) }) else { return nil }
        let soft = line.dropFirst(prefix.count).split(separator: " ").first
        return soft == "unlimited" ? .infinity : soft.flatMap { Double($0) }
    }

    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// A field of `self/stat`, counted from 1.
    ///
    /// The second field is the program's name in brackets, and may itself have blanks and brackets.
    private func statField(_ field: Int) -> Double? {
        let line = text(of: "self/stat")
        guard let nameEnd = line.lastIndex(of: ")") else { return nil }
        let rest = line[line.index(after: nameEnd)...].split(separator: " ")
        return rest.indices.contains(field - 3) ? Double(rest[field - 3]) : nil
    }

    private func number(afterPrefix prefix: String, in file: String) -> Double? {
        lines(of: file).first { $0.hasPrefix(prefix) }.flatMap { Double($0.dropFirst(prefix.count)) }
    }

    private func lines(of file: String) -> [Substring] {
        text(of: file).split(separator: "\n")
    }

    private func text(of file: String) -> String {
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(file)") else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
