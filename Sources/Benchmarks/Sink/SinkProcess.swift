internal import Glibc
internal import StrictJSON

/// What runs in the sink's own process: `lastcall bench-sink`.
public enum SinkProcess {
    /// Serves until the input ends, which it does with the process that holds its other end.
    ///
    /// - Parameters:
    ///   - plan: the ports and the certificate.
    ///   - input: where lines come from; standard input unless told.
    ///   - output: where lines go; standard output unless told.
    /// - Throws: ``WireError``.
    public static func serve(_ plan: SinkPlan, input: Int32 = 0, output: Int32 = 1) throws(WireError) {
        // A connection that a client has closed is an error of that write, not of the process.
        signal(SIGPIPE, SIG_IGN)
        try Sink(plan, control: SinkControl(input: input, output: output)).run()
    }
}

/// The other end of a sink's control channel. Each call blocks until the sink has answered; a benchmark makes one
/// after the other, on a thread that may wait.
public struct SinkHandle: Sendable {
    /// The ports at which the sink listens, in order.
    public let ports: [UInt16]
    private let lines: ControlLines

    /// Waits until the sink listens.
    ///
    /// - Parameters:
    ///   - input: where the sink's lines come from.
    ///   - output: where lines for it go.
    /// - Throws: ``WireError/sink(_:)``.
    public init(input: Int32, output: Int32) throws(WireError) {
        try self.init(ControlLines(input: input, output: output))
    }

    /// Waits until a process of its own listens.
    ///
    /// - Parameter child: `bench-sink`, with pipes.
    /// - Throws: ``WireError/sink(_:)``.
    public init(_ child: ChildProgram) throws(WireError) {
        try self.init(ControlLines(child))
    }

    private init(_ lines: ControlLines) throws(WireError) {
        self.lines = lines
        let greeting = try lines.next()
        do {
            var reader = try ObjectReader(greeting)
            ports = try reader.array("ports", maximumCount: 65_535).map { json in
                guard case .number(let number) = json, let port = UInt16(number.text) else {
                    throw WireError.sink("a port that is none")
                }
                return port
            }
            try reader.finish()
        } catch {
            throw .sink("\(error)")
        }
    }

    /// From now on these ports, by position, behave so.
    ///
    /// - Throws: ``WireError/sink(_:)``.
    public func behave(_ behaviour: SinkBehaviour, at positions: Range<Int>) throws(WireError) {
        _ = try lines.ask("behave") { writer in
            switch behaviour {
            case .answer: writer.member("as", "answer")
            case .hang: writer.member("as", "hang")
            case .refuse: writer.member("as", "refuse")
            case .delay(let milliseconds):
                writer.member("as", "delay")
                writer.member("milliseconds", milliseconds)
            }
            writer.member("first", positions.lowerBound)
            writer.member("count", positions.count)
        }
    }

    /// Forgets what has come.
    ///
    /// - Throws: ``WireError/sink(_:)``.
    public func reset() throws(WireError) {
        _ = try lines.ask("reset")
    }

    /// How many POSTs have come; nothing is analysed.
    ///
    /// - Throws: ``WireError/sink(_:)``.
    public func posts() throws(WireError) -> Int {
        let answer = try lines.ask("count")
        do {
            var reader = try ObjectReader(answer)
            return try reader.int("posts", 0...Int.max)
        } catch {
            throw .sink("\(error)")
        }
    }

    /// What has come. Bodies are analysed and dropped: ``arrivals(prefix:)`` comes before this.
    ///
    /// - Parameter samples: how many tokens are wanted as they came.
    /// - Returns: what has come.
    /// - Throws: ``WireError/sink(_:)``.
    public func report(samples: Int = 0) throws(WireError) -> SinkReport {
        let answer = try lines.ask("report") { writer in writer.member("samples", samples) }
        do {
            return try SinkReport(answer)
        } catch {
            throw .sink("\(error)")
        }
    }

    /// When each delivery came whose `sid` begins so.
    ///
    /// - Throws: ``WireError/sink(_:)``.
    public func arrivals(prefix: String = "") throws(WireError) -> [SinkArrival] {
        let answer = try lines.ask("arrivals") { writer in writer.member("prefix", prefix) }
        do {
            var reader = try ObjectReader(answer)
            return try reader.array("arrivals", maximumCount: .max).map { json in
                guard case .array(let pair) = json, pair.count == 2, case .string(let sid) = pair[0],
                    case .number(let number) = pair[1], let firstByte = UInt64(number.text)
                else { throw WireError.sink("an arrival that is none") }
                return SinkArrival(sid: sid, firstByte: firstByte)
            }
        } catch {
            throw .sink("\(error)")
        }
    }
}
