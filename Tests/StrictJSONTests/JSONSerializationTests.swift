import StrictJSON
import Testing

@Suite("Writing JSON values")
struct JSONSerializationTests {
    @Test("a value is written without white space, in its order, its numbers as they were")
    func serializes() throws {
        let text = #" { "b" : [ 1.00 , -0e1 ] , "a" : "\u0041\n" } "#
        #expect(
            String(decoding: try JSON.parse(text.utf8).serialized(), as: UTF8.self)
                == #"{"b":[1.00,-0e1],"a":"A\n"}"#
        )
    }

    @Test(
        "spellings of one value share one canonical form",
        arguments: [
            (#"{"b":1.0,"a":[true,null]}"#, #"{"a":[true,null],"b":1}"#),
            (#"{"b":{"d":1,"c":2},"a":1e2}"#, #"{"a":100,"b":{"c":2,"d":1}}"#),
            (#""\u0061\/""#, #""a/""#), ("-0", "0"), ("1.50", "1.5"),
            ("9007199254740993", "9007199254740993"), ("1e400", "1e400"),
            // RFC 8785 §3.2.3: UTF-16 code units, where U+1F600 (D83D) comes before U+FB33.
            (
                "{\"\u{FB33}\":1,\"\u{1F600}\":2,\"\u{F6}\":3,\"1\":4}",
                "{\"1\":4,\"\u{F6}\":3,\"\u{1F600}\":2,\"\u{FB33}\":1}"
            ),
        ]
    )
    func canonicalizes(text: String, expected: String) throws {
        #expect(String(decoding: try JSON.parse(text.utf8).canonical(), as: UTF8.self) == expected)
    }

    @Test("strings that only look alike have two canonical forms")
    func keepsLookalikes() {
        #expect(JSON.string("\u{E9}").canonical() != JSON.string("e\u{301}").canonical())
    }
}
