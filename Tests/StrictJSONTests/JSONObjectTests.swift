import StrictJSON
import Testing

@Suite("JSON objects")
struct JSONObjectTests {
    /// Below, at and above the number of members from which names are hashed.
    @Test("every member is found by its name and no other", arguments: [0, 1, 7, 8, 9, 10, 500])
    func findsMembers(count: Int) {
        var object = JSONObject()
        for index in 0..<count {
            let added = object.append("m\(index)", .number(JSONNumber(Int64(index))))
            #expect(added)
        }
        for index in 0..<count {
            #expect(object["m\(index)"] == .number(JSONNumber(Int64(index))))
            let added = object.append("m\(index)", .null)
            #expect(!added)
        }
        #expect(object["m\(count)"] == nil)
        #expect(object.members.map(\.name) == (0..<count).map { "m\($0)" })
    }

    @Test("names are compared by bytes, few or many", arguments: [0, 20])
    func comparesBytes(others: Int) {
        var object = JSONObject()
        for index in 0..<others {
            let added = object.append("m\(index)", .null)
            #expect(added)
        }
        let composed = object.append("\u{E9}", .bool(true))
        #expect(composed)
        #expect(object["e\u{301}"] == nil)
        let decomposed = object.append("e\u{301}", .bool(false))
        #expect(decomposed)
        #expect(object["\u{E9}"] == .bool(true))
    }

    @Test("order does not count for equality, names and values do, by bytes")
    func equality() throws {
        let value = try JSON.parse(#"{"a":1,"b":["x"]}"#.utf8)
        let reordered = try JSON.parse(#"{"b":["x"],"a":1}"#.utf8)
        #expect(value == reordered)
        #expect(value.hashValue == reordered.hashValue)
        for other in [
            #"{"a":1}"#, #"{"a":1,"b":["x"],"c":0}"#, #"{"a":1,"b":["y"]}"#, #"{"a":1,"c":["x"]}"#,
            #"{"a":1.0,"b":["x"]}"#,
        ] {
            #expect(try JSON.parse(other.utf8) != value)
        }
        #expect(JSON.string("\u{E9}") != .string("e\u{301}"))
        #expect(Set([JSON.string("\u{E9}"), .string("e\u{301}")]).count == 2)
    }
}
