internal import FoundationEssentials
internal import Glibc
internal import LastcallTestKit

/// Programs of Debian's that a fault is made with.
enum Tool {
    /// Runs one to its end.
    ///
    /// - Parameters:
    ///   - program: its name.
    ///   - arguments: what it is given.
    /// - Throws: where there is none, or it ends with another status than 0.
    static func run(_ program: String, _ arguments: String...) async throws {
        let process = try OtherProcess([try path(program)] + arguments)
        let end = await process.end()
        guard end == 0 else {
            throw ChaosError("\(program) \(arguments.joined(separator: " ")): status \(end)")
        }
    }

    /// Where a program is.
    ///
    /// - Throws: where it is not.
    static func path(_ program: String) throws(ChaosError) -> String {
        let places = ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"].map { $0 + program }
        guard let found = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw ChaosError("\(program) is not installed; scripts/chaos installs what it needs")
        }
        return found
    }
}
