import CPostgres

/// The answer to one statement, read straight from libpq's memory.
///
/// It belongs to the thread that ran the statement; take values out of it before leaving a pool's closure.
@safe
public final class PostgresRows: Sequence {
    private let result: OpaquePointer?

    /// How many rows the statement returned.
    public let count: Int

    /// Takes over a result; it is freed with this object. Without one there are no rows.
    init(owning result: OpaquePointer?) {
        unsafe self.result = unsafe result
        count = unsafe Int(PQntuples(result))
    }

    deinit { unsafe PQclear(result) }

    /// Whether the statement returned no row.
    public var isEmpty: Bool { count == 0 }

    /// How many rows an `insert`, `update`, `delete` or `select` touched; 0 for other statements.
    public var affectedRows: Int {
        guard let text = unsafe PQcmdTuples(result) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The command that was completed, such as `INSERT 0 1` or `COMMIT`.
    var commandTag: String {
        guard let text = unsafe PQcmdStatus(result) else { return "" }
        return unsafe String(cString: text)
    }

    /// The first row, or `nil` where there is none.
    public var first: PostgresRow? { count > 0 ? PostgresRow(rows: self, index: 0) : nil }

    /// Walks the rows in the server's order.
    ///
    /// - Returns: an iterator from the first row.
    public func makeIterator() -> Iterator { Iterator(rows: self) }

    /// Walks the rows of one answer.
    public struct Iterator: IteratorProtocol {
        private let rows: PostgresRows
        private var index = 0

        init(rows: PostgresRows) { self.rows = rows }

        /// The next row, or `nil` after the last.
        ///
        /// - Returns: the row.
        public mutating func next() -> PostgresRow? {
            guard index < rows.count else { return nil }
            defer { index += 1 }
            return PostgresRow(rows: rows, index: Int32(truncatingIfNeeded: index))
        }
    }

    /// The type of a column; `nil` where there is no such column.
    func type(of column: Int) -> UInt32? {
        guard let column = Int32(exactly: column), column >= 0, unsafe column < PQnfields(result) else {
            return nil
        }
        return unsafe PQftype(result, column)
    }

    /// Reads one field; `nil` for NULL. The column must exist, and the bytes are good only inside `body`.
    func withField<R>(
        row: Int32,
        column: Int,
        _ body: (RawSpan) throws(PostgresError) -> R
    ) throws(PostgresError) -> R? {
        let column = Int32(truncatingIfNeeded: column)
        if unsafe PQgetisnull(result, row, column) == 1 { return nil }
        let length = unsafe Int(PQgetlength(result, row, column))
        let value = unsafe UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
        return try body(unsafe value.bytes)
    }
}

/// Rows live on one thread, as their connection does.
@available(*, unavailable)
extension PostgresRows: Sendable {}
