/// How long one execution of a statement took, as the server says.
public struct StatementTime: Sendable, Hashable {
    /// Under which name the product prepares it: that of its file in `sql/queries`.
    public let statement: String
    /// How long.
    public let milliseconds: Double

    /// Reads a server's log, of which only the lines on executions of prepared statements count.
    ///
    /// - Parameter log: the text.
    /// - Returns: the executions, in order.
    public static func all(in log: String) -> [StatementTime] {
        // The product numbers its statements on each connection: 7_claim.
        log.matches(of: /duration: ([0-9.]+) ms  execute [0-9]+_([^: ]+):/).compactMap { match in
            Double(match.output.1).map {
                StatementTime(statement: String(match.output.2), milliseconds: $0)
            }
        }
    }
}
