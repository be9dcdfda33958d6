/// Reading a value of a known shape: what is not there, and what is of another kind, is `nil` or empty.
extension JSON {
    /// A member of an object.
    public subscript(name: String) -> JSON? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The members of an object, in their order.
    public var members: [JSONObject.Member] {
        if case .object(let object) = self { object.members } else { [] }
    }

    /// The elements of an array, in their order.
    public var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text of a string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number that is whole.
    public var int: Int? {
        if case .number(let number) = self { number.int.map(Int.init) } else { nil }
    }

    /// The value of a number.
    public var double: Double? {
        if case .number(let number) = self { number.double } else { nil }
    }
}

/// Making values.
extension JSON {
    /// A whole number.
    public static func int(_ value: some FixedWidthInteger) -> JSON {
        .number(JSONNumber(Int64(clamping: value)))
    }

    /// An object of the members that have a value, in their order; of a name that comes twice the first counts.
    public static func object(of members: [(String, JSON?)]) -> JSON {
        var object = JSONObject()
        for (name, value) in members {
            if let value { _ = object.append(name, value) }
        }
        return .object(object)
    }
}
