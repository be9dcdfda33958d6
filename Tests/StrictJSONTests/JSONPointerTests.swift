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
    }

    /// A name of 31 bytes is no key, a longer one may be: unless it is words, as every name of Lastcall is.
    @Test(
        "a name that may be a key is not said again",
        arguments: [
            (String(repeating: "K", count: 31), true), (String(repeating: "K", count: 32), false),
            ("backchannel_logout_session_requred", true), ("backchannel_logout_session_requred1", false),
            ("lc_0190a0b0c0d07e0f8a1b2c3d4e5f6071_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false),
        ]
    )
    func hidesKeys(name: String, isSaid: Bool) {
        #expect(JSONPointer.member(name, of: "/a") == (isSaid ? "/a/\(name)" : "/a/…"))
    }
}
