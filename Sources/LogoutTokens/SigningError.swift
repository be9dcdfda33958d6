/// Why a logout token cannot be made.
public enum SigningError: Error, Sendable, Hashable {
    /// A token needs `sub` or `sid`.
    case neitherSubNorSid
    /// This claim is there but empty.
    case emptyClaim(String)
    /// A token lives 1 to 120 seconds; this one would live another time.
    case lifetimeOutOfRange(seconds: Int64)
    /// A signature that was made elsewhere is not of the registered key over this token.
    case wrongSignature
    /// OpenSSL failed to sign; the reasons are its own and quote no data.
    case library(operation: String, reasons: [String])
}
