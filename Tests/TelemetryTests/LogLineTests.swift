import Logging
import Telemetry
import Testing

@Suite("Log line", .timeLimit(.minutes(30)))
struct LogLineTests {
    @Test("has our members first, then the metadata in the order of its bytes")
    func order() throws {
        let line = try line {
            $0.info("hello", metadata: ["b": "2", "é": "4", "a": "1", "Z": "0", "ab": "3"])
        }
        #expect(
            line == start + #""level":"info","logger":"test","message":"hello","#
                + #""Z":"0","a":"1","ab":"3","b":"2","é":"4"}"#
        )
    }

    @Test("keeps nested arrays and objects, sorted inside too")
    func nested() throws {
        let line = try line {
            $0.info(
                "x",
                metadata: ["list": ["1", ["z": "2", "time": []], [:]], "number": .stringConvertible(7)]
            )
        }
        #expect(line.hasSuffix(#""message":"x","list":["1",{"time":[],"z":"2"},{}],"number":"7"}"#))
    }

    @Test("gives a name of ours that metadata takes one more underscore, and never makes two names one")
    func reservedNames() throws {
        let line = try line {
            $0.info(
                "x",
                metadata: ["time": "a", "_time": "b", "__level": "c", "_other": "d", "omitted_members": "e"]
            )
        }
        #expect(
            line.hasSuffix(
                #""message":"x","___level":"c","__time":"b","_omitted_members":"e","_other":"d","_time":"a"}"#
            )
        )
    }

    @Test("writes arrays and objects 16 deep and no deeper", arguments: [(16, "leaf"), (17, "…")])
    func depth(levels: Int, innermost: String) throws {
        var value: Logger.MetadataValue = "leaf"
        for _ in 0..<levels { value = .array([value]) }
        let line = try line { $0.info("x", metadata: ["deep": value]) }
        let brackets = min(levels, 16)
        let expected = String(repeating: "[", count: brackets) + "\"\(innermost)\""
        #expect(line.hasSuffix("\"deep\":" + expected + String(repeating: "]", count: brackets) + "}"))
    }

    @Test(
        "leaves out members that do not fit into 64 KiB, keeps those that do, and says how many are missing"
    )
    func longest() throws {
        let long = Logger.MetadataValue.string(String(repeating: "a", count: 4000))
        let metadata: Logger.Metadata = [
            "a": .array(Array(repeating: long, count: 10)),
            "b": .array(Array(repeating: long, count: 1000)),
            "c": .dictionary(["x": .array(Array(repeating: long, count: 7))]),
            "d": "kept",
        ]
        let text = try line { $0.info("x", metadata: metadata) }
        let line = try JSON(text)
        #expect(text.utf8.count < 65_536)
        #expect(
            line["a"] == .array(Array(repeating: .string(String(repeating: "a", count: 4000)), count: 10))
        )
        #expect(line["b"] == nil)
        #expect(line["c"] == nil)
        #expect(line["d"] == .string("kept"))
        #expect(line["omitted_members"] == .string("2"))
    }

    @Test("keeps 64 bytes free for the last member and the end", arguments: [(0, nil), (1, "1")])
    func edge(beyond: Int, omitted: String?) throws {
        let full = Logger.MetadataValue.string(String(repeating: "a", count: 4096))
        func members(_ last: Int) -> Logger.Metadata {
            ["a": .array(Array(repeating: full, count: 15) + [.string(String(repeating: "b", count: last))])]
        }
        // The closing brace and the newline are in the 64 bytes.
        let room = 65_536 - 64 - (try line { $0.info("x", metadata: members(0)) }.utf8.count - 1)
        let line = try JSON(line { $0.info("x", metadata: members(room + beyond)) })
        #expect(line["omitted_members"] == omitted.map { .string($0) })
        #expect((line["a"] == nil) == (omitted != nil))
    }
}
