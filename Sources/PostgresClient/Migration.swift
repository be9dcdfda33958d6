/// One step of the schema: a numbered SQL text that is applied once and never changed.
///
/// A text may begin with header lines. `--! breaking: reason` says that programs which do not know the migration
/// must not run on a database that has it. `--! transaction: no` runs the text outside a transaction, as `create
/// index concurrently` needs; such a text is a single statement that may be repeated without harm
/// (`if not exists`), since a crash can part it from the note that it was applied.
public struct Migration: Sendable, Hashable {
    /// The place in the order, counted from 1.
    public let number: Int
    /// What people call it.
    public let name: String
    /// The SQL with its header.
    public let text: String
    /// Whether the text runs in a transaction, together with the note that it was applied.
    public let isTransactional: Bool
    /// Why programs that do not know this migration must not run; `nil` where they may.
    public let breaking: String?

    /// Reads the header of a migration.
    ///
    /// - Parameters:
    ///   - number: the place in the order, counted from 1.
    ///   - name: what people call it.
    ///   - text: the SQL with its header.
    /// - Throws: ``PostgresError/migration(_:)`` with ``MigrationProblem/unknownHeader(number:line:)``.
    public init(number: Int, name: String, text: String) throws(PostgresError) {
        self.number = number
        self.name = name
        self.text = text
        var isTransactional = true
        var breaking: String?
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("--!") {
            let header = line.dropFirst(3).split(separator: ":", maxSplits: 1).map { Self.trimmed($0) }
            switch (header.first, header.dropFirst().first) {
            case ("breaking", let reason?) where !reason.isEmpty: breaking = reason
            case ("transaction", "yes"): isTransactional = true
            case ("transaction", "no"): isTransactional = false
            default: throw .migration(.unknownHeader(number: number, line: String(line)))
            }
        }
        self.isTransactional = isTransactional
        self.breaking = breaking
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// Which migrations a database has.
public struct MigrationState: Sendable, Hashable {
    /// Numbers of this program's migrations that are applied.
    public let applied: [Int]
    /// Numbers of this program's migrations that are not.
    public let pending: [Int]
    /// Numbers of later migrations, of a newer program that this one gets along with.
    public let newer: [Int]

    /// Whether the program may run.
    public var isCurrent: Bool { pending.isEmpty }
}
