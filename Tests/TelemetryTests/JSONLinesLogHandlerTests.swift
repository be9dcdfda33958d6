import Logging
import Telemetry
import Testing

@Suite("JSON lines log handler", .timeLimit(.minutes(30)))
struct JSONLinesLogHandlerTests {
    private struct Refusal: Error, CustomStringConvertible {
        let description = "no room"
    }

    @Test("names the source only at debug and trace", arguments: Logger.Level.allCases)
    func source(level: Logger.Level) throws {
        let line = try line(level: .trace) { $0.log(level: level, "x", source: "Here") }
        let source = level <= .debug ? #","source":"Here""# : ""
        #expect(line == start + #""level":"\#(level)","logger":"test","message":"x"\#(source)}"#)
    }

    @Test(
        "writes its level and above",
        arguments: [(Logger.Level.debug, "below"), (.info, "at"), (.error, "above")]
    )
    func level(level: Logger.Level, message: String) throws {
        let pipe = try LogPipe()
        let logger = try LogSink(descriptor: pipe.writer, now: { instant }).logger()
        logger.log(level: level, "\(message)")
        logger.info("last")
        let first = try JSON(#require(pipe.lines(1).first))
        #expect(first["message"] == .string(level < .info ? "last" : message))
    }

    @Test("lets the event win over the provider, and the provider over the logger")
    func precedence() throws {
        let provider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        let line = try line(provider: provider) {
            var logger = $0
            logger[metadataKey: "a"] = "logger"
            logger[metadataKey: "b"] = "logger"
            logger[metadataKey: "gone"] = "logger"
            logger[metadataKey: "gone"] = nil
            logger.info("x", metadata: ["c": "event"])
        }
        #expect(line.hasSuffix(#""message":"x","a":"logger","b":"provider","c":"event"}"#))
    }

    @Test("is a value: metadata set on a copy stays there")
    func value() throws {
        let pipe = try LogPipe()
        let logger = try LogSink(descriptor: pipe.writer, now: { instant }).logger()
        var copy = logger
        copy[metadataKey: "a"] = "1"
        logger.info("x")
        copy.info("x")
        let lines = try pipe.lines(2).map { try JSON($0) }
        #expect(lines.map { $0["a"] } == [nil, .string("1")])
    }

    @Test("tells an error's text and type")
    func error() throws {
        let line = try JSON(line { $0.error("x", error: Refusal()) })
        #expect(line["error.message"] == .string("no room"))
        guard case .string(let type) = line["error.type"] else {
            Issue.record("no error.type")
            return
        }
        #expect(type.contains("Refusal"))
    }
}
