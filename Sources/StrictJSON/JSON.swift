/// One JSON value, read by rules that leave no room for two readings of the same bytes.
///
/// Source: RFC 8259, narrowed as I-JSON (RFC 7493 §2) asks: valid UTF-8, no lone surrogates, no duplicate
/// member names. Beyond that no NUL, which Postgres cannot store, and a bounded depth.
public enum JSON: Sendable {
    /// The literal `null`.
    case null
    /// The literal `true` or `false`.
    case bool(Bool)
    /// A number, kept as it was written.
    case number(JSONNumber)
    /// A string, unescaped.
    case string(String)
    /// An array, in order.
    case array([JSON])
    /// An object, its members in the order in which they were written.
    case object(JSONObject)

    /// Reads one document.
    ///
    /// - Parameters:
    ///   - bytes: the whole document in UTF-8, without a byte order mark.
    ///   - maximumBytes: the longest document that is read; 1 MiB unless told.
    ///   - maximumValues: how many values the document may hold, whatever their kind; 100,000 unless told.
    ///   - maximumDepth: how many arrays and objects may be open at once, at most 128; 32 unless told.
    /// - Returns: the value.
    /// - Throws: ``JSONError``, with the offset of the first byte that breaks a rule.
    public static func parse(
        _ bytes: some Collection<UInt8>,
        maximumBytes: Int = 1 << 20,
        maximumValues: Int = 100_000,
        maximumDepth: Int = 32
    ) throws(JSONError) -> JSON {
        guard bytes.count <= maximumBytes else {
            throw .tooLarge(bytes: bytes.count, maximumBytes: maximumBytes)
        }
        var parser = JSONParser(
            bytes: Array(bytes),
            maximumValues: maximumValues,
            maximumDepth: min(maximumDepth, 128)
        )
        return try parser.document()
    }
}

/// Strings and member names compare by bytes, numbers by the text they were written as, objects without
/// regard to the order of their members.
extension JSON: Hashable {
    /// Whether two values are the same; see the extension for what that means.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): sameBytes(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// Feeds what `==` compares.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combineBytes(of: value)
        case .array(let elements): hasher.combine(elements)
        case .object(let object): hasher.combine(object)
        }
    }
}
