/// Why the wire between the product and its relying parties could not be set up.
public enum WireError: Error, Sendable, Hashable {
    /// OpenSSL refused this step.
    case tls(step: String)
    /// The system refused this step.
    case system(step: String, code: Int32)
    /// So many ports were wanted, and fewer are free.
    case portsTaken(wanted: Int, free: Int)
    /// The sink's process said something else than was expected, or is gone.
    case sink(String)
}
