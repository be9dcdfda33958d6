import DeliveryPolicy
import StrictJSON

/// A schema of the OpenAPI document: JSON Schema, draft 2020-12.
struct Schema: Sendable {
    private var members: [(name: String, value: JSON)]

    var json: JSON { .object(of: members) }

    private init(_ type: String, _ others: [(String, JSON)] = []) {
        members = [("type", .string(type))] + others
    }

    /// A member of an object.
    struct Member: Sendable {
        let name: String
        let schema: Schema
        var isRequired = true

        static func required(_ name: String, _ schema: Schema) -> Member {
            Member(name: name, schema: schema)
        }

        static func optional(_ name: String, _ schema: Schema) -> Member {
            Member(name: name, schema: schema, isRequired: false)
        }
    }

    static let boolean = Schema("boolean")
    static let text = Schema("string")
    static let uuid = Schema("string", [("format", .string("uuid"))])
    static let time = Schema("string", [("format", .string("date-time"))])
    static let uri = Schema("string", [("format", .string("uri"))]).limited(1...LogoutURI.maximumBytes)
    /// A number of things.
    static let count = Schema("integer", [("minimum", .int(0))])
    static let httpStatus = Schema.integer(100...999)
    /// An object that is not described any further.
    static let anyObject = Schema("object")

    /// Lengths are bytes of UTF-8; that many characters are never too few.
    static func text(_ length: ClosedRange<Int>) -> Schema { text.limited(length) }

    static func text(_ grammar: Grammar) -> Schema {
        switch grammar {
        case .issuerName: text.with("pattern", .string("^[a-z0-9][a-z0-9-]{0,39}$"))
        case .clientID: text(1...255).with("pattern", .string("^[ -~]+$"))
        case .idempotencyKey: text(1...255).with("pattern", .string("^[!-~]+$"))
        case .apiKey: text(32...255).with("pattern", .string("^[!-~]+$"))
        case .credentialName: text.with("pattern", .string("^[a-z0-9][a-z0-9_-]{0,63}$"))
        case .identifier: text(1...255).describing(grammar.rule)
        }
    }

    static func words<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> Schema {
        words(type.allCases.map(\.rawValue))
    }

    static func words(_ words: [String]) -> Schema { text.with("enum", .array(words.map(JSON.string))) }

    static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema("integer", [("minimum", .int(range.lowerBound)), ("maximum", .int(range.upperBound))])
    }

    /// The bounds are written with up to two decimals.
    static func number(_ range: ClosedRange<Double>) -> Schema {
        Schema("number", [("minimum", .decimal(range.lowerBound)), ("maximum", .decimal(range.upperBound))])
    }

    static func array(of elements: Schema, _ count: ClosedRange<Int>? = nil) -> Schema {
        var schema = Schema("array", [("items", elements.json)])
        if let count {
            if count.lowerBound > 0 { schema = schema.with("minItems", .int(count.lowerBound)) }
            schema = schema.with("maxItems", .int(count.upperBound))
        }
        return schema
    }

    /// One of these, or an array of at most so many.
    static func oneOrMore(of elements: Schema, _ maximum: Int) -> Schema {
        var schema = Schema("")
        schema.members = [("anyOf", .array([elements.json, array(of: elements, 0...maximum).json]))]
        return schema
    }

    /// An object of these members; of others too only where it is open.
    static func object(_ members: [Member], isOpen: Bool = false) -> Schema {
        let required = members.filter(\.isRequired).map { JSON.string($0.name) }
        return Schema(
            "object",
            [("properties", .object(of: members.map { ($0.name, $0.schema.json) }))]
                + (required.isEmpty ? [] : [("required", .array(required))])
                + (isOpen ? [] : [("additionalProperties", .bool(false))])
        )
    }

    /// An object whose names are words, and whose values are alike.
    static func map(of names: Schema, _ values: Schema) -> Schema {
        Schema("object", [("propertyNames", names.json), ("additionalProperties", values.json)])
    }

    /// One of the document's named schemas.
    static func named(_ name: String) -> Schema {
        var schema = Schema("")
        schema.members = [("$ref", .string("#/components/schemas/\(name)"))]
        return schema
    }

    /// This or `null`.
    var orNull: Schema {
        guard case .string(let type)? = self["type"] else {
            var schema = self
            schema.members = [("anyOf", .array([json, Schema("null").json]))]
            return schema
        }
        var schema = with("type", .array([.string(type), .string("null")]))
        if case .array(let words)? = self["enum"] { schema = schema.with("enum", .array(words + [.null])) }
        return schema
    }

    func describing(_ text: String) -> Schema { with("description", .string(text)) }

    func defaulting(to value: JSON) -> Schema { with("default", value) }

    /// At least one of these members is required.
    func requiringOne(of names: [String]) -> Schema {
        with("anyOf", .array(names.map { .object(of: [("required", .array([.string($0)]))]) }))
    }

    /// Either this member is required, or at least one of the others is; not both.
    func requiringEither(_ name: String, orOneOf others: [String]) -> Schema {
        func required(_ name: String) -> JSON { .object(of: [("required", .array([.string(name)]))]) }
        let choice = JSON.object(of: [("anyOf", .array(others.map(required)))])
        return with("oneOf", .array([required(name), choice]))
    }

    private subscript(name: String) -> JSON? { members.first { $0.name == name }?.value }

    private func limited(_ length: ClosedRange<Int>) -> Schema {
        with("minLength", .int(length.lowerBound)).with("maxLength", .int(length.upperBound))
    }

    private func with(_ name: String, _ value: JSON) -> Schema {
        var schema = self
        if let place = members.firstIndex(where: { $0.name == name }) {
            schema.members[place].value = value
        } else {
            schema.members.append((name, value))
        }
        return schema
    }
}

extension JSON {
    /// A number as the writer of JSON shows it.
    static func decimal(_ value: Double) -> JSON {
        var writer = JSONWriter()
        writer.double(value)
        return (try? JSON.parse(writer.bytes)) ?? .null
    }
}
