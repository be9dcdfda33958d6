/// Why migrations and a database do not fit together. Numbers are those in the files' names.
public enum MigrationProblem: Sendable, Hashable {
    /// A `--!` line of this migration is not one of `breaking: reason`, `transaction: yes`, `transaction: no`.
    case unknownHeader(number: Int, line: String)
    /// The program's migrations are not numbered 1, 2, 3, ...; the payload is the first place that is wrong.
    case misnumbered(expected: Int, found: Int)
    /// The database has later migrations but not this one.
    case gap(number: Int)
    /// The text of a migration that was applied has been changed since.
    case checksumChanged(number: Int, name: String)
    /// The database has a migration that this program does not know and must not run with.
    case newerBreaking(number: Int, name: String, reason: String)
    /// Another process held the migration lock until the deadline.
    case locked
    /// The text of a migration ended the transaction that it ran in.
    case endedTransaction(number: Int)
    /// Migrations need a session: connect past pgbouncer's transaction mode.
    case needsSession
}
