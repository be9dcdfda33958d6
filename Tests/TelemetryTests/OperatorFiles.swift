import Foundation

/// What the package ships for operators, as text.
enum OperatorFiles {
    /// The package's folder.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The samples that a text of queries names: `lastcall_...`, `process_...`.
    static func names(in text: String) -> Set<String> {
        Set(text.matches(of: /\b(?:lastcall|process)_[a-z0-9_]+/).map { String($0.output) })
    }
}
