import StrictJSON
import Testing

@Suite("Reading JSON")
struct JSONTests {
    @Test(
        "what RFC 8259 allows is read",
        arguments: [
            ("null", JSON.null), (" true ", .bool(true)), ("\tfalse\r\n", .bool(false)),
            ("\"\"", .string("")), ("\"a\"", .string("a")), ("[]", .array([])), ("[ ]", .array([])),
            ("[1]", .array([.number(JSONNumber(1))])), ("[null , true]", .array([.null, .bool(true)])),
            ("{}", .object(JSONObject())), ("{ }", .object(JSONObject())), ("-0", .number(try number("-0"))),
            ("1E+2", .number(try number("1E+2"))), ("0.10", .number(try number("0.10"))),
            ("\"\u{7F}\u{80}\u{FFFF}\u{10FFFF}\"", .string("\u{7F}\u{80}\u{FFFF}\u{10FFFF}")),
        ]
    )
    func reads(text: String, expected: JSON) throws {
        #expect(try JSON.parse(text.utf8) == expected)
    }

    @Test(
        "escapes stand for what RFC 8259 section 7 says",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0001""#, "\u{1}"),
            (#""\u00e9""#, "\u{E9}"),
            (#""\u00E9""#, "\u{E9}"), (#""e\u0301""#, "e\u{301}"), (#""\ud83d\ude00""#, "\u{1F600}"),
            (#""\uD800\uDC00""#, "\u{10000}"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\uFFFF""#, "\u{FFFF}"),
            (#""a\nb\nc""#, "a\nb\nc"),
        ]
    )
    func unescapes(text: String, expected: String) throws {
        guard case .string(let value) = try JSON.parse(text.utf8) else {
            Issue.record("no string")
            return
        }
        #expect(Array(value.utf8) == Array(expected.utf8))
    }

    @Test(
        "what RFC 8259 does not allow is refused where it begins",
        arguments: [
            ("", JSONError.malformed(.unexpectedEnd, offset: 0)),
            ("  ", .malformed(.unexpectedEnd, offset: 2)),
            ("nul", .malformed(.unexpectedEnd, offset: 3)), ("nuLl", unexpected("L", 2)),
            ("True", unexpected("T", 0)), ("NaN", unexpected("N", 0)),
            ("-Infinity", .malformed(.invalidNumber, offset: 1)),
            ("[1,]", unexpected("]", 3)), ("[,1]", unexpected(",", 1)), ("[1 2]", unexpected("2", 3)),
            ("[1", .malformed(.unexpectedEnd, offset: 2)), ("[1}", unexpected("}", 2)),
            ("]", unexpected("]", 0)),
            ("{\"a\":1,}", unexpected("}", 7)), ("{a:1}", unexpected("a", 1)),
            ("{'a':1}", unexpected("'", 1)),
            ("{\"a\" 1}", unexpected("1", 5)), ("{\"a\":}", unexpected("}", 5)),
            ("{1:1}", unexpected("1", 1)),
            ("{\"a\":1 \"b\":2}", unexpected("\"", 7)), ("{\"a\"}", unexpected("}", 4)),
            ("1 1", .malformed(.trailingBytes, offset: 2)), ("{}}", .malformed(.trailingBytes, offset: 2)),
            ("{} //", .malformed(.trailingBytes, offset: 3)), ("/**/1", unexpected("/", 0)),
            ("\u{B}1", unexpected("\u{B}", 0)), ("\u{A0}1", .malformed(.unexpectedByte(0xC2), offset: 0)),
            ("\u{FEFF}1", .malformed(.byteOrderMark, offset: 0)),
            (" \u{FEFF}1", .malformed(.unexpectedByte(0xEF), offset: 1)),
        ]
    )
    func refuses(text: String, expected: JSONError) {
        #expect(throws: expected) { try JSON.parse(text.utf8) }
    }

    @Test(
        "numbers follow the grammar to the letter",
        arguments: [
            ("01", 1), ("-01", 2), ("00", 1), ("1.", nil), ("1.e1", 2), (".1", nil), ("+1", nil), ("1e", nil),
            ("1e+", nil), ("1ee1", 2), ("1.1.1", 3), ("-", nil), ("--1", 1), ("-a", 1), ("1.-1", 2),
            ("1e1.0", 3),
        ] as [(String, Int?)]
    )
    func refusesNumber(text: String, offset: Int?) {
        if let offset {
            #expect(throws: JSONError.malformed(.invalidNumber, offset: offset)) { try JSON.parse(text.utf8) }
        } else {
            #expect(throws: JSONError.self) { try JSON.parse(text.utf8) }
        }
    }

    @Test(
        "strings hold no raw control, no NUL, no half escape and no lone surrogate",
        arguments: [
            ("\"\u{1F}\"", JSONError.malformed(.controlCharacter, offset: 1)),
            ("\"a\n\"", .malformed(.controlCharacter, offset: 2)),
            ("\"\u{0}\"", .malformed(.nul, offset: 1)), ("\u{0}", .malformed(.nul, offset: 0)),
            (#""a\u0000""#, .malformed(.nul, offset: 2)), (#"{"\u0000":1}"#, .malformed(.nul, offset: 2)),
            (#""\x41""#, .malformed(.invalidEscape, offset: 1)),
            (#""\'""#, .malformed(.invalidEscape, offset: 1)),
            (#""\U0041""#, .malformed(.invalidEscape, offset: 1)),
            (#""\u00g0""#, .malformed(.invalidEscape, offset: 5)),
            (#""\u00""#, .malformed(.invalidEscape, offset: 5)),
            (#""\u+041""#, .malformed(.invalidEscape, offset: 3)),
            (#""\ud800""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\udc00""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\ud800\ud800""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\ud800\u0041""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\ud800\n""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\ud800x""#, .malformed(.loneSurrogate, offset: 1)),
            (#""\udfff\ud800""#, .malformed(.loneSurrogate, offset: 1)),
            ("\"abc", .malformed(.unexpectedEnd, offset: 4)),
        ]
    )
    func refusesString(text: String, expected: JSONError) {
        #expect(throws: expected) { try JSON.parse(text.utf8) }
    }

    @Test(
        "strings are UTF-8 on both sides of every edge of its table",
        arguments: [
            ([0x80], false), ([0xBF], false), ([0xC0, 0x80], false), ([0xC1, 0xBF], false),
            ([0xC2, 0x80], true),
            ([0xC2, 0x7F], false), ([0xC2, 0xC0], false), ([0xDF, 0xBF], true), ([0xE0, 0x9F, 0xBF], false),
            ([0xE0, 0xA0, 0x80], true), ([0xEC, 0xBF, 0xBF], true), ([0xED, 0x9F, 0xBF], true),
            ([0xED, 0xA0, 0x80], false), ([0xED, 0xBF, 0xBF], false), ([0xEE, 0x80, 0x80], true),
            ([0xEF, 0xBF, 0xBF], true), ([0xEF, 0xBF], false), ([0xEF, 0xBF, 0x22], false),
            ([0xE1, 0x80, 0xC0], false),
            ([0xF0, 0x8F, 0xBF, 0xBF], false), ([0xF0, 0x90, 0x80, 0x80], true),
            ([0xF3, 0xBF, 0xBF, 0xBF], true),
            ([0xF4, 0x8F, 0xBF, 0xBF], true), ([0xF4, 0x90, 0x80, 0x80], false),
            ([0xF5, 0x80, 0x80, 0x80], false),
            ([0xF1, 0x80, 0x80, 0x7F], false), ([0xFE], false), ([0xFF], false), ([0xC3], false),
        ] as [([UInt8], Bool)]
    )
    func validatesUTF8(sequence: [UInt8], isValid: Bool) throws {
        let bytes = [UInt8(ascii: "\"")] + sequence + [UInt8(ascii: "\"")]
        if isValid {
            #expect(try JSON.parse(bytes) == .string(String(decoding: sequence, as: UTF8.self)))
        } else {
            #expect(throws: JSONError.malformed(.invalidUTF8, offset: 1)) { try JSON.parse(bytes) }
        }
    }

    @Test("UTF-16 is refused, whichever end comes first")
    func refusesUTF16() {
        #expect(throws: JSONError.malformed(.trailingBytes, offset: 1)) { try JSON.parse([0x31, 0]) }
        #expect(throws: JSONError.malformed(.nul, offset: 0)) { try JSON.parse([0, 0x31]) }
        #expect(throws: JSONError.malformed(.unexpectedByte(0xFF), offset: 0)) {
            try JSON.parse([0xFF, 0xFE, 0x31, 0])
        }
    }

    @Test("a depth of 32 is read, 33 is not, and the caller may choose less", arguments: ["[", "{\"a\":"])
    func limitsDepth(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> String {
            String(repeating: opening, count: depth - 1) + (opening == "[" ? "[]" : "{}")
                + String(repeating: closing, count: depth - 1)
        }
        #expect(try JSON.parse(nested(32).utf8) != .null)
        #expect(throws: JSONError.tooDeep(maximumDepth: 32, offset: 32 * opening.utf8.count)) {
            try JSON.parse(nested(33).utf8)
        }
        #expect(throws: JSONError.tooDeep(maximumDepth: 1, offset: opening.utf8.count)) {
            try JSON.parse(nested(2).utf8, maximumDepth: 1)
        }
        #expect(throws: JSONError.tooDeep(maximumDepth: 128, offset: 128 * opening.utf8.count)) {
            try JSON.parse(nested(511).utf8, maximumDepth: 1_000_000)
        }
    }

    @Test(
        "a document holds at most so many values, of whatever kind",
        arguments: ["1", "{}", "[]", "\"\"", "null"]
    )
    func limitsValues(value: String) throws {
        let document = { (count: Int) in
            "[" + Array(repeating: value, count: count).joined(separator: ",") + "]"
        }
        _ = try JSON.parse(document(99_999).utf8)
        let offset = 1 + 99_999 * (value.utf8.count + 1)
        #expect(throws: JSONError.tooManyValues(maximumValues: 100_000, offset: offset)) {
            try JSON.parse(document(100_000).utf8)
        }
        #expect(throws: JSONError.tooManyValues(maximumValues: 2, offset: 11)) {
            try JSON.parse(#"{"a":1,"b":2}"#.utf8, maximumValues: 2)
        }
    }

    @Test("a number has at most 128 bytes", arguments: ["", "-", "0."])
    func limitsNumber(start: String) throws {
        let number = { (length: Int) in start + String(repeating: "1", count: length - start.utf8.count) }
        _ = try JSON.parse(number(128).utf8)
        #expect(throws: JSONError.malformed(.invalidNumber, offset: 0)) { try JSON.parse(number(129).utf8) }
    }

    @Test("brackets side by side are not depth")
    func widthIsNotDepth() throws {
        let wide = "[" + Array(repeating: "[{}]", count: 1000).joined(separator: ",") + "]"
        #expect(try JSON.parse(wide.utf8, maximumDepth: 3) != .null)
    }

    @Test("a document is read up to the size that the caller allows")
    func limitsSize() throws {
        #expect(try JSON.parse("[1]".utf8, maximumBytes: 3) != .null)
        #expect(throws: JSONError.tooLarge(bytes: 4, maximumBytes: 3)) {
            try JSON.parse("[11]".utf8, maximumBytes: 3)
        }
    }

    @Test(
        "a member that is there twice is refused, however its name is spelled",
        arguments: [
            (#"{"a":1,"a":1}"#, "/a", 7), (#"{"a":1,"\u0061":2}"#, "/a", 7),
            (#"{"x":[0,{"b~/":1,"b~/":2}]}"#, "/x/1/b~0~1", 17),
            (#"{"":1,"":2}"#, "/", 6), ("{\"\u{E9}\":1,\"\\u00e9\":2}", "/\u{E9}", 8),
        ]
    )
    func refusesDuplicates(text: String, pointer: String, offset: Int) {
        #expect(throws: JSONError.duplicateMember(pointer: pointer, offset: offset)) {
            try JSON.parse(text.utf8)
        }
    }

    @Test("names that only look alike are two members")
    func keepsLookalikes() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2,\"E\u{301}\":3}"
        guard case .object(let object) = try JSON.parse(text.utf8) else {
            Issue.record("no object")
            return
        }
        #expect(object.members.count == 3)
        #expect(object["e\u{301}"] == .number(JSONNumber(2)))
    }

    @Test("the last of ten thousand members may not repeat the first")
    func refusesLateDuplicate() {
        let members = (0..<10_000).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(throws: JSONError.duplicateMember(pointer: "/m0", offset: members.utf8.count + 2)) {
            try JSON.parse("{\(members),\"m0\":1}".utf8)
        }
    }

    @Test("bytes are read from any collection")
    func readsCollections() throws {
        let bytes = Array("xx[1]yy".utf8)
        #expect(try JSON.parse(bytes[2..<5]) == .array([.number(JSONNumber(1))]))
        #expect(try JSON.parse(ContiguousArray("[1]".utf8)) == .array([.number(JSONNumber(1))]))
    }
}

private func unexpected(_ scalar: Unicode.Scalar, _ offset: Int) -> JSONError {
    .malformed(.unexpectedByte(UInt8(scalar.value)), offset: offset)
}
