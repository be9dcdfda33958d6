import LastcallTestKit
import StrictJSON
import Testing

@Suite("The validator of schemas")
struct JSONSchemaValidatorTests {
    @Test(
        "each word of a schema is held to, on both sides",
        arguments: [
            (#"{"type": "string"}"#, #""a""#, true), (#"{"type": "string"}"#, "1", false),
            (#"{"type": ["string", "null"]}"#, "null", true), (#"{"type": ["string", "null"]}"#, "[]", false),
            (#"{"type": "integer"}"#, "1", true), (#"{"type": "integer"}"#, "1.5", false),
            (#"{"type": "number"}"#, "1.5", true), (#"{"type": "boolean"}"#, "null", false),
            (#"{"type": "string", "enum": ["a"]}"#, #""a""#, true),
            (#"{"type": "string", "enum": ["a"]}"#, #""b""#, false),
            (#"{"type": "integer", "minimum": 1, "maximum": 2}"#, "1", true),
            (#"{"type": "integer", "minimum": 1, "maximum": 2}"#, "2", true),
            (#"{"type": "integer", "minimum": 1, "maximum": 2}"#, "0", false),
            (#"{"type": "integer", "minimum": 1, "maximum": 2}"#, "3", false),
            (#"{"type": "string", "minLength": 1, "maxLength": 2}"#, #""é""#, true),
            (#"{"type": "string", "minLength": 1, "maxLength": 2}"#, #""""#, false),
            (#"{"type": "string", "minLength": 1, "maxLength": 2}"#, #""abc""#, false),
            (#"{"type": "array", "items": {"type": "boolean"}, "maxItems": 1}"#, "[true]", true),
            (#"{"type": "array", "items": {"type": "boolean"}}"#, "[1]", false),
            (#"{"type": "array", "maxItems": 1}"#, "[1, 2]", false),
            (#"{"type": "array", "minItems": 1}"#, "[]", false),
            (#"{"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}"#, "{}", false),
            (#"{"type": "object", "properties": {"a": {"type": "null"}}}"#, #"{"a": 1}"#, false),
            (#"{"type": "object", "properties": {"a": {"type": "null"}}}"#, #"{"a": null, "b": 1}"#, true),
            (#"{"type": "object", "additionalProperties": false}"#, #"{"b": 1}"#, false),
            (#"{"type": "object", "additionalProperties": {"type": "integer"}}"#, #"{"b": 1}"#, true),
            (#"{"type": "object", "additionalProperties": {"type": "integer"}}"#, #"{"b": "1"}"#, false),
            (#"{"type": "object", "propertyNames": {"enum": ["b"]}}"#, #"{"b": 1}"#, true),
            (#"{"type": "object", "propertyNames": {"enum": ["b"]}}"#, #"{"c": 1}"#, false),
            (##"{"anyOf": [{"type": "null"}, {"$ref": "#/named"}]}"##, #""named""#, true),
            (##"{"anyOf": [{"type": "null"}, {"$ref": "#/named"}]}"##, "1", false),
            (#"{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, #"{"a": 1}"#, true),
            (#"{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, #"{"c": 1}"#, false),
            (#"{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, #"{"a": 1, "b": 1}"#, false),
            (##"{"$ref": "#/named"}"##, #""named""#, true), (##"{"$ref": "#/named"}"##, #""x""#, false),
            (##"{"$ref": "#/nowhere"}"##, "1", false), (#"{"typo": "string"}"#, "1", false),
            ("true", "1", false),
        ]
    )
    func words(schema: String, value: String, isValid: Bool) throws {
        let document = try JSON.parse(Array(##"{"named": {"type": "string", "enum": ["named"]}}"##.utf8))
        let faults = JSONSchemaValidator(document: document).faults(
            of: try JSON.parse(Array(value.utf8)),
            against: try JSON.parse(Array(schema.utf8))
        )
        #expect(faults.isEmpty == isValid, "\(faults)")
    }

    @Test("a pointer into the document may have slashes and tildes in its names")
    func pointers() throws {
        let document = try JSON.parse(Array(#"{"paths": {"/a/{b}": {"~": 7}}}"#.utf8))
        let validator = JSONSchemaValidator(document: document)
        #expect(validator.value(at: "/paths/~1a~1{b}/~0") == .number(JSONNumber(7)))
        #expect(validator.value(at: "/paths/a") == nil)
    }
}
