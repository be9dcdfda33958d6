import StrictJSON
import Testing

@Suite("JSON pointers")
struct JSONPointerTests {
    @Test(
        "names are escaped as RFC 6901 says",
        arguments: [
            ("a", "/a"), ("", "/"), ("a/b", "/a~1b"), ("m~n", "/m~0n"), ("~1", "/~01"), ("\u{E9}", "/\u{E9}"),
        ]
    )
    func escapes(name: String, expected: String) {
        #expect(JSONPointer.member(name) == expected)
    }

    @Test("members and elements are appended to their parent")
    func appends() {
        #expect(JSONPointer.member("sub", of: JSONPointer.element(3, of: "/targets")) == "/targets/3/sub")
    }

    @Test("a name of 128 bytes is whole, a longer one is cut")
    func cutsLongNames() {
        let longest = String(repeating: "a", count: 128)
        #expect(JSONPointer.member(longest) == "/" + longest)
        #expect(JSONPointer.member(longest + "a") == "/" + longest + "…")
        #expect(JSONPointer.member(String(longest.dropLast()) + "\u{E9}") == "/" + longest.dropLast() + "…")
    }
}
