/// Whether a name that a caller made up may be said again in an answer.
///
/// Callers put keys into wrong places, and answers end up in their logs. Every key of Lastcall has 32 characters
/// or more, digits or capitals among them; no name that Lastcall knows is of that kind.
public func isRepeatable(_ name: String) -> Bool {
    name.utf8.count < 32
        || name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
        }
}
