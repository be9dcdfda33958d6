import StrictJSON

/// Reading what the API answers.
extension JSON {
    /// A member of an object; `nil` for null as well.
    subscript(name: String) -> JSON? {
        guard case .object(let object) = self, let value = object[name], value != .null else { return nil }
        return value
    }

    /// The text of a string or a number.
    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        default: nil
        }
    }

    var int: Int? {
        guard case .number(let number) = self else { return nil }
        return number.int.map(Int.init)
    }

    var isTrue: Bool { self == .bool(true) }

    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var members: [JSONObject.Member] {
        guard case .object(let object) = self else { return [] }
        return object.members
    }

    /// An object of these members, without those that have no value.
    static func object(of members: [(String, JSON?)]) -> JSON {
        var object = JSONObject()
        for (name, value) in members {
            if let value { _ = object.append(name, value) }
        }
        return .object(object)
    }
}
