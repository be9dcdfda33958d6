import StrictJSON
import Testing

@Suite("JSON numbers")
struct JSONNumberTests {
    @Test(
        "an integer is one, however it is written, if it fits exactly",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("-0.000e9", 0), ("0e99999999999999999999", 0), ("120", 120),
            ("120.0", 120),
            ("1.2e2", 120), ("12000e-2", 120), ("1.50e1", 15), ("-1.5e1", -15), ("0.5", nil), ("1e-1", nil),
            ("1.05e1", nil),
            ("9223372036854775807", .max), ("9223372036854775808", nil), ("-9223372036854775808", .min),
            ("-9223372036854775809", nil), ("9223372036854775807.0", .max), ("9223372036854775808.0", nil),
            ("-9223372036854775808.0", .min), ("92233720368547758070e-1", .max),
            ("1e18", 1_000_000_000_000_000_000),
            ("1e19", nil), ("1e400", nil), ("1e99999999999999999999", nil), ("1e-99999999999999999999", nil),
            ("100000000000000000000e-20", 1),
        ] as [(String, Int64?)]
    )
    func integers(text: String, expected: Int64?) throws {
        #expect(try number(text).int == expected)
    }

    @Test(
        "a double is the nearest one, and none beyond the largest",
        arguments: [
            ("0.1", 0.1), ("1e308", 1e308), ("1e309", nil), ("-1e309", nil), ("1e-400", 0),
            ("9007199254740993", 9007199254740992),
        ] as [(String, Double?)]
    )
    func doubles(text: String, expected: Double?) throws {
        #expect(try number(text).double == expected)
    }

    @Test("the text is kept")
    func keepsText() throws {
        #expect(try number("1.00E+2").text == "1.00E+2")
        #expect(JSONNumber(-7).text == "-7")
    }

    @Test(
        "an exponent at the edge of what a machine counts is no integer, and no end of the process",
        arguments: [
            "10e9223372036854775807", "1e9223372036854775807", "1.5e-9223372036854775808",
            "1e-9223372036854775808",
            "10e9223372036854775808", "1.5e-9223372036854775809", "10e99999999999999999999",
            "100e1099511627776", "1e20", "1e-1",
        ]
    )
    func vastExponents(text: String) throws {
        #expect(try number(text).int == nil)
        #expect(try number("0" + text.drop { $0 != "e" }).int == 0)
    }
}
