import StrictJSON
import Testing

@Suite("Reading damaged JSON")
struct JSONFuzzTests {
    static let document = """
        {"session_id":"s-\\u00e9\\ud83d\\ude00","targets":[{"client_id":"rp 1","sid":"\u{E9}\u{20AC}\u{1F600}"},\
        {"client_id":"rp/2","sub":null}],"n":[0,-1,2.5e-3,1e10],"ok":true,"no":false,"deep":[[[{"a":{}}]]]}
        """

    @Test("the whole document is read, and written as it was once its escapes are plain")
    func roundTrips() throws {
        let value = try JSON.parse(Self.document.utf8)
        let written = value.serialized()
        #expect(try JSON.parse(written) == value)
        #expect(try JSON.parse(written).serialized() == written)
    }

    @Test("every prefix of the document is refused")
    func refusesPrefixes() {
        let bytes = Array(Self.document.utf8)
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self, "\(length)") { try JSON.parse(bytes[..<length]) }
        }
    }

    @Test("whatever three bytes are changed, the result is a value that survives writing, or an error")
    func survivesDamage() {
        var draws = Draws(state: 0x9E37_79B9_7F4A_7C15)
        let bytes = Array(Self.document.utf8)
        var readable = 0
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<3 { damaged[draws.next(below: bytes.count)] = UInt8(draws.next(below: 256)) }
            guard let value = try? JSON.parse(damaged) else { continue }
            readable += 1
            #expect((try? JSON.parse(value.serialized())) == value)
            #expect((try? JSON.parse(value.canonical()).canonical()) == value.canonical())
        }
        #expect(readable > 0)
    }

    @Test("one byte is a document only where it is a digit")
    func singleBytes() {
        for byte in UInt8.min...UInt8.max {
            let isRead = (try? JSON.parse([byte])) != nil
            #expect(isRead == (0x30...0x39).contains(byte), "\(byte)")
        }
    }
}
