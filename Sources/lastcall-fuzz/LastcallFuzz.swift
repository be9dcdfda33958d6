import FuzzTargets
import Glibc

/// libFuzzer over one target: `lastcall-fuzz TARGET [libFuzzer's own options] [CORPUS ...]`.
///
/// Built by scripts/fuzz alone: it needs coverage in every module, and libFuzzer to be linked.
@main
struct LastcallFuzz {
    /// What libFuzzer calls back; set once, before it does.
    nonisolated(unsafe) private static var target = FuzzTarget.json

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let chosen = FuzzTarget(rawValue: arguments[1]) else {
            print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
            exit(arguments.count > 1 ? 64 : 0)
        }
        unsafe target = chosen
        let rest = [arguments[0], "-max_len=\(chosen.maximumBytes)"] + arguments.dropFirst(2)
        var pointers = unsafe rest.map { unsafe strdup($0) } + [nil]
        var count = CInt(rest.count)
        let code = unsafe pointers.withUnsafeMutableBufferPointer { buffer -> CInt in
            var start = buffer.baseAddress
            return unsafe runDriver(&count, &start) { bytes, length in
                do throws(BrokenProperty) {
                    try unsafe LastcallFuzz.target.run(
                        Array(UnsafeBufferPointer(start: bytes, count: length))
                    )
                } catch {
                    // Written at once: an abort loses what print still holds.
                    let line = Array("broken: \(error.property)\n".utf8)
                    _ = unsafe write(STDERR_FILENO, line, line.count)
                    abort()
                }
                return 0
            }
        }
        exit(code)
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
