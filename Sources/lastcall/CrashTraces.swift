import CSpawn
import Glibc

/// What a crash leaves behind: a core file, and the backtrace that Swift's runtime prints with registers and the
/// memory that they point at. Either can hold a signing key.
enum CrashTraces {
    /// `PR_SET_DUMPABLE`, prctl(2).
    private static let setDumpable: CInt = 4

    /// Sees to it that a crash leaves no trace but its message and its signal.
    ///
    /// A process that cannot be dumped also cannot be attached to by its own user, and its `/proc` folder, with the
    /// environment in it, is root's. Programs that it starts are not concerned.
    static func forbid() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_CORE.rawValue)), &none)
        // The limit means nothing to a core_pattern that is a pipe; this does.
        _ = lastcall_process_control(setDumpable, 0)
        // The runtime has set its handlers before main; none of ours is among these signals.
        for signal in [SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGQUIT] {
            _ = Glibc.signal(signal, SIG_DFL)
        }
    }
}
