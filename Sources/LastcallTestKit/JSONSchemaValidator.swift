public import StrictJSON

/// Holds values against the schemas of an OpenAPI document: the part of JSON Schema that Lastcall's uses.
///
/// `type`, `enum`, `properties`, `required`, `additionalProperties`, `propertyNames`, `items`, `anyOf`, `oneOf`, `$ref`, bounds
/// of numbers, strings and arrays. Formats and patterns are not checked. A schema with a word that is not known here is itself
/// a fault: it would not be checked.
public struct JSONSchemaValidator: Sendable {
    private static let known: Set<String> = [
        "type", "enum", "properties", "required", "additionalProperties", "propertyNames", "items", "anyOf",
        "oneOf", "$ref",
        "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "format", "pattern",
        "description",
        "default",
    ]

    private let document: JSON

    /// A validator for the schemas of a document.
    public init(document: JSON) {
        self.document = document
    }

    /// What is wrong with a value, each fault with a pointer; empty where nothing is.
    public func faults(of value: JSON, against schema: JSON, at pointer: String = "") -> [String] {
        if let reference = schema["$ref"] {
            guard let target = resolved(reference) else { return ["\(pointer): \(reference) leads nowhere"] }
            return faults(of: value, against: target, at: pointer)
        }
        guard case .object(let object) = schema else { return ["\(pointer): no schema"] }
        var faults = object.members.filter { !Self.known.contains($0.name) }.map {
            "\(pointer): the schema's \($0.name) is not understood"
        }
        if let types = schema["type"] {
            let allowed = types.string == nil ? types.elements : [types]
            guard allowed.contains(where: { value.isOf($0) }) else {
                return faults + ["\(pointer): \(value) is not \(types)"]
            }
        }
        if let words = schema["enum"]?.elements, !words.contains(value) {
            faults.append("\(pointer): \(value) is none of the words")
        }
        if let choices = schema["anyOf"]?.elements,
            !choices.contains(where: { self.faults(of: value, against: $0, at: pointer).isEmpty })
        {
            faults.append("\(pointer): \(value) fits none of the choices")
        }
        if let choices = schema["oneOf"]?.elements {
            let fitting = choices.count { self.faults(of: value, against: $0, at: pointer).isEmpty }
            if fitting != 1 { faults.append("\(pointer): \(value) fits \(fitting) of the choices, not one") }
        }
        faults += boundFaults(of: value, against: schema, at: pointer)
        if case .array(let elements) = value, let items = schema["items"] {
            for (place, element) in elements.enumerated() {
                faults += self.faults(of: element, against: items, at: "\(pointer)/\(place)")
            }
        }
        if case .object(let members) = value {
            faults += memberFaults(of: members, against: schema, at: pointer)
        }
        return faults
    }

    /// The value at a JSON pointer of the document, such as `/paths/~1healthz/get`.
    public func value(at pointer: String) -> JSON? {
        resolved(.string("#" + pointer))
    }

    private func resolved(_ reference: JSON) -> JSON? {
        guard case .string(let text) = reference, text.hasPrefix("#/") else { return nil }
        return text.dropFirst(2).split(separator: "/").reduce(document) { place, name in
            place?[String(name).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
    }

    private func memberFaults(of object: JSONObject, against schema: JSON, at pointer: String) -> [String] {
        var faults: [String] = []
        for case .string(let name) in schema["required"]?.elements ?? [] where object[name] == nil {
            faults.append("\(pointer): \(name) is missing")
        }
        for member in object.members {
            let place = "\(pointer)/\(member.name)"
            if let names = schema["propertyNames"] {
                faults += self.faults(of: .string(member.name), against: names, at: place)
            }
            if let property = schema["properties"]?[member.name] {
                faults += self.faults(of: member.value, against: property, at: place)
                continue
            }
            switch schema["additionalProperties"] {
            case .bool(false): faults.append("\(place): is not known")
            case .object(let others):
                faults += self.faults(of: member.value, against: .object(others), at: place)
            default: break
            }
        }
        return faults
    }

    private func boundFaults(of value: JSON, against schema: JSON, at pointer: String) -> [String] {
        func check(_ size: Double, _ low: String, _ high: String) -> [String] {
            let isBelow = schema[low]?.double.map { size < $0 } ?? false
            let isAbove = schema[high]?.double.map { size > $0 } ?? false
            return isBelow || isAbove ? ["\(pointer): \(value) is out of bounds"] : []
        }
        return switch value {
        case .number: check(value.double ?? .nan, "minimum", "maximum")
        case .string(let text): check(Double(text.unicodeScalars.count), "minLength", "maxLength")
        case .array(let elements): check(Double(elements.count), "minItems", "maxItems")
        default: []
        }
    }
}

extension JSON {
    /// Whether it is of a type that a schema names.
    fileprivate func isOf(_ type: JSON) -> Bool {
        switch (self, type) {
        case (.null, .string("null")), (.bool, .string("boolean")), (.string, .string("string")),
            (.array, .string("array")), (.object, .string("object")), (.number, .string("number")):
            true
        case (.number(let number), .string("integer")): number.int != nil
        default: false
        }
    }
}
