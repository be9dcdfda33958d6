internal import FoundationEssentials
internal import Glibc

/// A network of this process's own: loopback is its only device, its limits are nobody else's, and its resolver asks 127.0.0.1.
///
/// It is gone with the last process in it, so nothing that a fault changes there is left behind, however the run ends.
package enum PrivateNetwork {
    private static let mark = "LASTCALL_CHAOS_NETWORK"

    /// Whether this process is in one.
    package static var isEntered: Bool { ProcessInfo.processInfo.environment[mark] != nil }

    /// Runs this program again in one, in place of this process; without effect inside, and for anybody but root.
    ///
    /// - Throws: ``ChaosError`` where the system does not start it.
    package static func enter() throws {
        guard !isEntered, geteuid() == 0 else { return }
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else {
            throw ChaosError("no /proc/self/exe")
        }
        unsafe setenv(mark, "1", 1)
        let words =
            ["/usr/bin/unshare", "--net", "--mount", "/bin/sh", "-eu", "-c", script, "sh", program]
            + CommandLine.arguments.dropFirst()
        var arguments = unsafe words.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        _ = unsafe execv(words[0], arguments)
        throw ChaosError("unshare: errno \(errno)")
    }

    /// How many ports connections may come from, and where those begin.
    ///
    /// - Throws: ``ChaosError`` outside, where they are everybody's.
    static func setLocalPorts(_ range: ClosedRange<UInt16>) throws {
        try demand("the local ports")
        let text = "\(range.lowerBound) \(range.upperBound)"
        try Data(text.utf8).write(to: URL(filePath: "/proc/sys/net/ipv4/ip_local_port_range"))
    }

    /// - Throws: ``ChaosError`` outside.
    static func demand(_ what: String) throws {
        guard isEntered else {
            throw ChaosError("\(what): needs a network of its own, which only root can make")
        }
    }

    /// The mounts hold the files, so that the folder can go at once.
    private static let script = """
        PATH=$PATH:/usr/sbin:/sbin
        ip link set lo up
        folder=$(mktemp -d)
        printf 'nameserver 127.0.0.1\\n' >"$folder/resolv.conf"
        printf 'hosts: files dns\\npasswd: files\\ngroup: files\\n' >"$folder/nsswitch.conf"
        printf '127.0.0.1 localhost\\n' >"$folder/hosts"
        chmod -R a+rX "$folder"
        for name in resolv.conf nsswitch.conf hosts; do
            [ -e "/etc/$name" ] || : >"/etc/$name"
            mount --bind "$folder/$name" "/etc/$name"
        done
        rm -rf "$folder"
        exec "$@"
        """
}
