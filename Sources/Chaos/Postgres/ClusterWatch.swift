internal import Glibc
internal import LastcallTestKit
internal import Synchronization

/// Ends all servers of a cluster and removes its folder when this process ends, however it ends, or when told to.
///
/// A watcher process holds one end of a pipe of this process, in a session of its own, where Ctrl-C does not reach it.
final class ClusterWatch: Sendable {
    private let folder: String
    private let lifeline: Shell.Lifeline
    private let isOpen = Mutex(true)

    init(_ folder: String) throws {
        self.folder = folder
        lifeline = try Shell.Lifeline()
        try Shell.run(
            #"setsid /bin/sh -c "$2" sh "$1" <&3 3<&- >/dev/null 2>&1 &"#,
            [folder, "trap '' HUP INT TERM; read -r nothing; [ -e \"$1\" ] || exit 0; " + Self.cleaning],
            lifeline: lifeline
        )
    }

    deinit { end() }

    /// Ends and removes everything now.
    func end() {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard isFirst else { return }
        try? Shell.run(Self.cleaning, [folder])
        close(lifeline.writeEnd)
    }

    /// `$1` is the folder with a folder for each server. A stopped (SIGSTOP) process takes a signal once it goes on.
    private static let cleaning = """
        for file in "$1"/*/data/postmaster.pid "$1"/*/pgbouncer.pid; do
            [ -e "$file" ] || continue
            pid=$(head -n 1 "$file")
            for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do kill -CONT "$child" 2>/dev/null; done
            kill -CONT "$pid" 2>/dev/null
            kill -QUIT "$pid" 2>/dev/null
            tries=0
            while [ -e "/proc/$pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
            if [ -e "/proc/$pid" ]; then kill -KILL "$pid"; fi
        done
        for disk in "$1"/*/disk; do umount "$disk" 2>/dev/null || umount -l "$disk" 2>/dev/null; done
        rm -rf "$1"
        """
}
