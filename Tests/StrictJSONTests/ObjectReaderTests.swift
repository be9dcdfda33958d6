import StrictJSON
import Testing

enum Color: String, CaseIterable { case red, darkBlue = "dark-blue" }

@Suite("Reading members")
struct ObjectReaderTests {
    func reader(_ text: String, at pointer: String = "") throws -> ObjectReader {
        try ObjectReader(JSON.parse(text.utf8), at: pointer)
    }

    @Test("members of every kind are read")
    func readsAll() throws {
        var reader = try reader(
            #"{"s":"x","i":3,"d":0.5,"b":true,"e":"dark-blue","a":["p","q"],"n":[1,2.5],"o":{"k":1},"l":[{"k":1},{"k":2}]}"#
        )
        #expect(try reader.string("s", maximumBytes: 1) == "x")
        #expect(try reader.int("i", 3...3) == 3)
        #expect(try reader.double("d", 0.5...60) == 0.5)
        #expect(try reader.bool("b"))
        #expect(try reader.enumeration("e", of: Color.self) == .darkBlue)
        #expect(try reader.stringArray("a", maximumCount: 2, maximumBytes: 1) == ["p", "q"])
        #expect(try reader.optionalDoubleArray("n", maximumCount: 2, 1...2.5) == [1, 2.5])
        var inner = try reader.object("o")
        #expect(try inner.int("k", 0...1) == 1)
        try inner.finish()
        var readers = try reader.objects("l", maximumCount: 2)
        #expect(try readers[1].int("k", 0...2) == 2)
        #expect(readers.map(\.pointer) == ["/l/0", "/l/1"])
        #expect(reader.unread.isEmpty)
        try reader.finish()
    }

    @Test("null and absence are nil where a member is optional", arguments: ["{}", #"{"m":null}"#])
    func optionals(text: String) throws {
        var reader = try reader(text)
        #expect(try reader.optionalString("m", maximumBytes: 9) == nil)
        #expect(try reader.optionalInt("m", 0...1) == nil)
        #expect(try reader.optionalDouble("m", 0...1) == nil)
        #expect(try reader.optionalBool("m") == nil)
        #expect(try reader.optionalEnumeration("m", of: Color.self) == nil)
        #expect(try reader.optionalArray("m", maximumCount: 1) == nil)
        #expect(try reader.optionalStringArray("m", maximumCount: 1, maximumBytes: 1) == nil)
        #expect(try reader.optionalDoubleArray("m", maximumCount: 1, 0...1) == nil)
        #expect(try reader.optionalObject("m") == nil)
        #expect(try reader.optionalObjects("m", maximumCount: 1) == nil)
        try reader.finish()
    }

    /// One required call of each kind, to be refused for one reason.
    typealias Call = @Sendable (inout ObjectReader) throws -> Void
    static let calls: [(JSONKind, Call)] = [
        (.string, { _ = try $0.string("m", maximumBytes: 3) }),
        (.integer, { _ = try $0.int("m", 0...9) }),
        (.number, { _ = try $0.double("m", 0.5...60) }),
        (.boolean, { _ = try $0.bool("m") }),
        (.string, { _ = try $0.enumeration("m", of: Color.self) }),
        (.array, { _ = try $0.array("m", maximumCount: 2) }),
        (.array, { _ = try $0.stringArray("m", maximumCount: 2, maximumBytes: 3) }),
        (.array, { _ = try $0.objects("m", maximumCount: 2) }),
        (.object, { _ = try $0.object("m") }),
    ]

    @Test("a required member that is absent is missing", arguments: calls.indices)
    func missing(index: Int) throws {
        var reader = try reader("{}", at: "/at")
        #expect(throws: JSONError.member(pointer: "/at/m", problem: .missing)) {
            try Self.calls[index].1(&reader)
        }
    }

    @Test("a required member that is null, or of another kind, has the wrong type", arguments: calls.indices)
    func wrongType(index: Int) throws {
        let (kind, call) = Self.calls[index]
        let texts: [(JSONKind?, String)] = [
            (nil, "null"), (.string, "\"1\""), (.number, "1"), (.boolean, "true"), (.array, "[]"),
            (.object, "{}"),
        ]
        for (other, text) in texts where other != (kind == .integer ? .number : kind) {
            var reader = try reader("{\"m\":\(text)}")
            #expect(throws: JSONError.member(pointer: "/m", problem: .wrongType(expected: kind))) {
                try call(&reader)
            }
        }
    }

    static let refusals: [(String, Call, MemberProblem)] = [
        (#"{"m":1}"#, { _ = try $0.optionalString("m", maximumBytes: 3) }, .wrongType(expected: .string)),
        (#"{"m":""}"#, { _ = try $0.optionalString("m", maximumBytes: 3) }, .empty),
        (#"{"m":"1"}"#, { _ = try $0.optionalInt("m", 0...9) }, .wrongType(expected: .integer)),
        (#"{"m":10}"#, { _ = try $0.optionalInt("m", 0...9) }, .outOfRange(allowed: "0 to 9")),
        (#"{"m":61}"#, { _ = try $0.optionalDouble("m", 0.5...60) }, .outOfRange(allowed: "0.5 to 60")),
        (#"{"m":1}"#, { _ = try $0.optionalBool("m") }, .wrongType(expected: .boolean)),
        (
            #"{"m":"x"}"#, { _ = try $0.optionalEnumeration("m", of: Color.self) },
            .notAllowed(allowed: ["red", "dark-blue"])
        ),
        (#"{"m":[1,2]}"#, { _ = try $0.optionalArray("m", maximumCount: 1) }, .tooMany(maximumCount: 1)),
        (#"{"m":[]}"#, { _ = try $0.optionalObject("m") }, .wrongType(expected: .object)),
        (#"{"m":[]}"#, { _ = try $0.optionalDoubleArray("m", maximumCount: 1, 0...1) }, .empty),
    ]

    @Test("optional members are checked like required ones", arguments: refusals.indices)
    func optionalsAreChecked(index: Int) throws {
        let (text, call, problem) = Self.refusals[index]
        var reader = try reader(text)
        #expect(throws: JSONError.member(pointer: "/m", problem: problem)) { try call(&reader) }
    }

    @Test(
        "a string has at most so many bytes, at least one and no control character",
        arguments: [
            ("abc", nil), ("abcd", .tooLong(maximumBytes: 3)), ("a\u{E9}", nil),
            ("ab\u{E9}", .tooLong(maximumBytes: 3)), ("", .empty),
            ("a\\n", .controlCharacter), ("\u{7F}", .controlCharacter), ("\u{85}", .controlCharacter),
            ("\u{A0}", nil),
        ] as [(String, MemberProblem?)]
    )
    func lines(text: String, problem: MemberProblem?) throws {
        var reader = try reader("{\"m\":\"\(text)\"}")
        if let problem {
            #expect(throws: JSONError.member(pointer: "/m", problem: problem)) {
                try reader.string("m", maximumBytes: 3)
            }
        } else {
            #expect(try reader.string("m", maximumBytes: 3) == text)
        }
    }

    @Test("free text may be empty and have lines, and has its cap all the same")
    func freeText() throws {
        var reader = try reader(#"{"a":"","b":"x\ny","c":"long"}"#)
        #expect(try reader.string("a", maximumBytes: 3, text: .free).isEmpty)
        #expect(try reader.optionalString("b", maximumBytes: 3, text: .free) == "x\ny")
        #expect(throws: JSONError.member(pointer: "/c", problem: .tooLong(maximumBytes: 3))) {
            try reader.string("c", maximumBytes: 3, text: .free)
        }
    }

    @Test(
        "integers are whole and in range",
        arguments: [
            ("1", nil), ("60", nil), ("6e1", nil), ("2.0", nil), ("0", .outOfRange(allowed: "1 to 60")),
            ("61", .outOfRange(allowed: "1 to 60")), ("1e300", .outOfRange(allowed: "1 to 60")),
            ("99999999999999999999", .outOfRange(allowed: "1 to 60")),
            ("1e400", .outOfRange(allowed: "1 to 60")),
            ("1.5", .wrongType(expected: .integer)),
        ] as [(String, MemberProblem?)]
    )
    func integers(text: String, problem: MemberProblem?) throws {
        var reader = try reader("{\"m\":\(text)}")
        if let problem {
            #expect(throws: JSONError.member(pointer: "/m", problem: problem)) { try reader.int("m", 1...60) }
        } else {
            _ = try reader.int("m", 1...60)
        }
    }

    @Test(
        "numbers are in range, edges included",
        arguments: [
            ("0.5", true), ("0.49", false), ("60", true), ("60.01", false), ("1e400", false), ("-1", false),
        ]
    )
    func doubles(text: String, isAllowed: Bool) throws {
        var reader = try reader("{\"m\":\(text)}")
        if isAllowed {
            _ = try reader.double("m", 0.5...60)
        } else {
            #expect(throws: JSONError.member(pointer: "/m", problem: .outOfRange(allowed: "0.5 to 60"))) {
                try reader.double("m", 0.5...60)
            }
        }
    }

    @Test("a bad element is pointed at")
    func elements() throws {
        var reader = try reader(#"{"a/b":["x","toolong"],"n":[1,0],"o":[{},1],"s":["x",1]}"#, at: "/p")
        #expect(throws: JSONError.member(pointer: "/p/a~1b/1", problem: .tooLong(maximumBytes: 3))) {
            try reader.stringArray("a/b", maximumCount: 2, maximumBytes: 3)
        }
        #expect(throws: JSONError.member(pointer: "/p/n/1", problem: .outOfRange(allowed: "1 to 2"))) {
            try reader.optionalDoubleArray("n", maximumCount: 2, 1...2)
        }
        #expect(throws: JSONError.member(pointer: "/p/o/1", problem: .wrongType(expected: .object))) {
            try reader.objects("o", maximumCount: 2)
        }
        #expect(throws: JSONError.member(pointer: "/p/s/1", problem: .wrongType(expected: .string))) {
            try reader.optionalStringArray("s", maximumCount: 2, maximumBytes: 3)
        }
        #expect(throws: JSONError.member(pointer: "/p/s", problem: .tooMany(maximumCount: 1))) {
            try reader.stringArray("s", maximumCount: 1, maximumBytes: 3)
        }
    }

    @Test("the first member that nobody read is refused, unless it is ignored")
    func unknownMembers() throws {
        var reader = try reader(#"{"a":1,"x_1":2,"backchannel_b":null,"backchannel_c":3}"#, at: "/d")
        _ = try reader.int("a", 1...1)
        #expect(reader.unread == ["x_1", "backchannel_b", "backchannel_c"])
        #expect(throws: JSONError.member(pointer: "/d/x_1", problem: .unknown)) { try reader.finish() }
        #expect(throws: JSONError.member(pointer: "/d/backchannel_b", problem: .unknown)) {
            try reader.finish { !$0.hasPrefix("backchannel_") }
        }
        try reader.finish { _ in true }
    }

    @Test("a name in another Unicode form is another member")
    func namesByBytes() throws {
        var reader = try reader("{\"\u{E9}\":1}")
        #expect(throws: JSONError.member(pointer: "/e\u{301}", problem: .missing)) {
            try reader.int("e\u{301}", 0...1)
        }
        #expect(!reader.has("e\u{301}"))
        #expect(reader.has("\u{E9}"))
    }

    @Test("what is no object is refused where it is", arguments: ["1", "[]", "null", "\"{}\""])
    func notAnObject(text: String) {
        #expect(throws: JSONError.member(pointer: "/x", problem: .wrongType(expected: .object))) {
            try reader(text, at: "/x")
        }
    }
}
