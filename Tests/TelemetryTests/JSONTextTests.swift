import Logging
import Telemetry
import Testing

@Suite("Strings in log lines", .timeLimit(.minutes(30)))
struct JSONTextTests {
    @Test(
        "escape what JSON, a terminal or a splitter of lines acts on, and nothing beside it",
        arguments: [
            (#"a"b\c"#, #"a\"b\\c"#),
            ("a\nb\rc\td", #"a\nb\rc\td"#),
            ("\u{0}\u{1F}\u{20}", #"\u0000\u001f "#),
            ("\u{7E}\u{7F}\u{80}", #"~\u007f\u0080"#),
            ("\u{9F}\u{A0}", "\\u009f\u{A0}"),
            ("\u{2027}\u{2028}\u{2029}\u{202A}", "\u{2027}\\u2028\\u2029\u{202A}"),
            ("é漢🙂", "é漢🙂"),
            ("", ""),
        ]
    )
    func escapes(text: String, expected: String) throws {
        let line = try line { $0.info("x", metadata: ["value": "\(text)"]) }
        #expect(line.hasSuffix(#""message":"x","value":"\#(expected)"}"#))
        #expect(try JSON(line)["value"] == .string(text))
    }

    @Test(
        "are cut at 4 KiB as written, between two characters, and say how much is missing",
        arguments: [
            (String(repeating: "a", count: 4096), String(repeating: "a", count: 4096)),
            (String(repeating: "a", count: 4097), String(repeating: "a", count: 4096) + "…[+1 bytes]"),
            (String(repeating: "\n", count: 2048), String(repeating: "\n", count: 2048)),
            (String(repeating: "\n", count: 2050), String(repeating: "\n", count: 2048) + "…[+2 bytes]"),
            (
                "b" + String(repeating: "é", count: 2048),
                "b" + String(repeating: "é", count: 2047) + "…[+2 bytes]"
            ),
        ]
    )
    func cuts(text: String, expected: String) throws {
        let line = try JSON(line { $0.info("\(text)", metadata: ["value": "\(text)"]) })
        #expect(line["value"] == .string(expected))
        #expect(line["message"] == .string(expected))
    }
}
