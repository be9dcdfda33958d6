import StrictJSON
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test("members, elements and nesting are separated by commas and nothing else")
    func structure() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("a", "x")
            writer.member("b", 1)
            writer.member("c", 2.5)
            writer.member("d", true)
            writer.member("e", nil as String?)
            writer.member("f", nil as Int?)
            writer.member("g", ["p", "q"])
            writer.objectMember("h") { $0.objectMember("i") { _ in } }
            writer.arrayMember("j") { writer in
                writer.array { _ in }
                writer.object { $0.nullMember("k") }
                writer.bool(false)
                writer.double(-0.5)
                writer.raw("{\"r\":1}".utf8)
                writer.int(UInt64.max)
            }
            writer.member("l", Int64.min)
        }
        let expected = """
            {"a":"x","b":1,"c":2.5,"d":true,"e":null,"f":null,"g":["p","q"],"h":{"i":{}},\
            "j":[[],{"k":null},false,-0.5,{"r":1},18446744073709551615],"l":-9223372036854775808}
            """
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test("every scalar below U+0100, and some above, is read back as it was written")
    func roundTripsScalars() throws {
        let scalars =
            (1..<0x100).compactMap(Unicode.Scalar.init(_:)) + ["\u{2028}", "\u{FFFF}", "\u{10FFFF}"]
        for scalar in scalars {
            var writer = JSONWriter()
            writer.string("<\(scalar)>")
            #expect(try JSON.parse(writer.bytes) == .string("<\(scalar)>"))
        }
    }

    @Test(
        "escapes are the short ones, then lower-case hex",
        arguments: [
            ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#),
            ("\"\\/", #""\"\\/""#), ("a\"b", #""a\"b""#), ("\"\"", #""\"\"""#),
            ("\u{7F}\u{E9}", "\"\u{7F}\u{E9}\""),
        ]
    )
    func escapes(text: String, expected: String) {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test("names are escaped like strings")
    func escapesNames() {
        var writer = JSONWriter()
        writer.object { $0.member("a\"\n", 1) }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a\"\n":1}"#)
    }

    /// The layouts of ECMA-262 Number::toString, one number on each side of every switch between them.
    @Test(
        "doubles are written in their shortest form",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100"), (123.456, "123.456"),
            (1e20, "100000000000000000000"), (1.2345678901234568e20, "123456789012345680000"),
            (1e21, "1e+21"),
            (1.5e21, "1.5e+21"), (1e-6, "0.000001"), (1.5e-6, "0.0000015"), (1e-7, "1e-7"),
            (1.25e-7, "1.25e-7"),
            (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (2_251_799_813_685_248.5, "2251799813685248.5"),
            (9_007_199_254_740_992, "9007199254740992"), (1e16, "10000000000000000"), (.infinity, "null"),
            (.nan, "null"),
        ]
    )
    func doubles(value: Double, expected: String) {
        var writer = JSONWriter()
        writer.double(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test("a double is read back bit for bit")
    func roundTripsDoubles() throws {
        var draws = Draws(state: 42)
        for _ in 0..<5_000 {
            let bits = UInt64(draws.next(below: 1 << 32)) << 32 | UInt64(draws.next(below: 1 << 32))
            let value = Double(bitPattern: bits)
            guard value.isFinite else { continue }
            var writer = JSONWriter()
            writer.double(value)
            #expect(Double(String(decoding: writer.bytes, as: UTF8.self)) == value)
        }
    }

    @Test("an error inside a member reaches the caller")
    func passesErrorsOn() {
        var writer = JSONWriter()
        #expect(throws: JSONError.tooLarge(bytes: 1, maximumBytes: 0)) {
            try writer.object { (_) throws(JSONError) in throw .tooLarge(bytes: 1, maximumBytes: 0) }
        }
    }
}
