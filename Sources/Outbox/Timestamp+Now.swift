import FoundationEssentials
package import LogoutModel

extension Timestamp {
    /// This machine's clock, for what need not agree with the database's.
    package static var now: Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
