internal import Benchmarks
internal import StrictJSON

/// Reads the product's log lines, which are JSON objects.
package enum LogLine {
    /// A text member of a line; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - name: of the member.
    ///   - line: of a log.
    /// - Returns: its text.
    package static func member(_ name: String, of line: String) -> String? {
        (try? JSON.parse(Array(line.utf8)))?[name]?.string
    }
}
