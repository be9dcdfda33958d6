import StrictJSON
import Testing

@Suite("JSON errors")
struct JSONErrorTests {
    @Test(
        "an error says in one sentence what is wrong, and points where it can",
        arguments: [
            (.tooLarge(bytes: 9, maximumBytes: 8), nil, "The document is longer than 8 bytes."),
            (
                .malformed(.unexpectedByte(0x7D), offset: 5), nil,
                "The document is not valid JSON at byte 5: byte 0x7d cannot stand here."
            ),
            (
                .tooDeep(maximumDepth: 32, offset: 32), nil,
                "The document is nested deeper than 32 at byte 32."
            ),
            (.duplicateMember(pointer: "/a", offset: 7), "/a", "The member is there twice."),
            (.member(pointer: "/a", problem: .missing), "/a", "The member is required."),
            (
                .member(pointer: "/a", problem: .wrongType(expected: .boolean)), "/a",
                "The value must be true or false."
            ),
            (
                .member(pointer: "/a", problem: .tooLong(maximumBytes: 255)), "/a",
                "The value is longer than 255 bytes."
            ),
            (
                .member(pointer: "/a", problem: .outOfRange(allowed: "0.5 to 60")), "/a",
                "The value must be from 0.5 to 60."
            ),
            (
                .member(pointer: "/a", problem: .notAllowed(allowed: ["x", "y"])), "/a",
                "The value must be one of: x, y."
            ),
            (.member(pointer: "", problem: .breaksRule("Say one of both.")), "", "Say one of both."),
        ] as [(JSONError, String?, String)]
    )
    func details(error: JSONError, pointer: String?, detail: String) {
        #expect(error.pointer == pointer)
        #expect(error.detail == detail)
    }
}
