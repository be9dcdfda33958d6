import Glibc

/// The table of what was tried, printed as it grows, and whether all of it went as it must.
final class Report {
    private(set) var failures = 0
    private var passed = 0

    func begin(_ title: String) {
        print("\n\(title)")
        fflush(nil)
    }

    /// One line: `problem` is what differs; `nil` for nothing.
    func line(_ group: String, _ title: String, _ outcome: String, problem: String?) {
        if let problem {
            failures += 1
            print("  DIFFERS  \(padded(group, 26)) \(padded(title, 52)) \(outcome): \(problem)")
        } else {
            passed += 1
            print("  ok       \(padded(group, 26)) \(padded(title, 52)) \(outcome)")
        }
        fflush(nil)
    }

    func end() {
        print("\nnetwork proof: \(passed) as they must be, \(failures) different")
        fflush(nil)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// The proof cannot be made.
struct ProofError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
