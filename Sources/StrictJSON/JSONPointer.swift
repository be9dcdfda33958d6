/// JSON pointers as text. Source: RFC 6901 §3; the document itself is the empty string.
public enum JSONPointer {
    /// Names longer than this are cut: a pointer goes into an answer, and the name came from outside.
    private static let longestName = 128

    /// The pointer to a member of the object at `parent`; a name over 128 bytes is cut and ends in `…`,
    /// which also stands in place of one that may be a key; see ``isRepeatable(_:)``.
    public static func member(_ name: String, of parent: String = "") -> String {
        var pointer = parent + "/"
        guard isRepeatable(name) else { return pointer + "…" }
        var length = 0
        for scalar in name.unicodeScalars {
            length += UTF8.width(scalar)
            guard length <= longestName else { return pointer + "…" }
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
        return pointer
    }

    /// The pointer to an element, counted from 0, of the array at `parent`.
    public static func element(_ index: Int, of parent: String) -> String {
        "\(parent)/\(index)"
    }
}
