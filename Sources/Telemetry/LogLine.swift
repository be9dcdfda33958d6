import Logging

/// One JSON object as one line, never longer than ``longest``.
///
/// Members that do not fit are left out, each wholly, and their number is the last member, `omitted_members`.
struct LogLine {
    /// The most bytes of a line, its newline included.
    static let longest = 65_536

    /// Levels of arrays and objects inside a member; what lies deeper is written as `…`.
    static let deepest = 16

    /// Room for the last member, the closing brace and the newline.
    private static let tail = 64

    /// Names that metadata cannot take.
    private static let reserved: Set<Substring> = [
        "time", "level", "logger", "message", "source", "omitted_members",
    ]

    private var bytes: [UInt8] = []
    private var omitted = 0

    /// The members that every line has, in this order.
    init(time: Duration, level: Logger.Level, logger: String, message: String) {
        bytes.reserveCapacity(512)
        bytes.append(UInt8(ascii: "{"))
        add("time", UTCTime.text(time))
        add("level", level.rawValue)
        add("logger", logger)
        add("message", message)
    }

    /// The whole line that announces drops: those since the last such line, and those since the start.
    static func notice(time: Duration, dropped: Int, total: Int) -> [UInt8] {
        var line = LogLine(time: time, level: .warning, logger: "telemetry", message: "log lines dropped")
        line.add("dropped", String(dropped))
        line.add("dropped_total", String(total))
        return line.finish()
    }

    /// Adds a member of our own.
    mutating func add(_ name: String, _ text: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        JSONText.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        JSONText.append(text, to: &bytes)
    }

    /// Adds metadata, sorted by the bytes of its names.
    ///
    /// A name of our own gets a `_` in front, and so does one that is such a name after underscores: no two names
    /// become one.
    mutating func add(_ metadata: Logger.Metadata) {
        for (name, value) in Self.sorted(metadata, named: Self.free) {
            let start = bytes.count
            bytes.append(UInt8(ascii: ","))
            JSONText.append(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if !append(value, depth: 0) {
                bytes.removeLast(bytes.count - start)
                omitted += 1
            }
        }
    }

    /// Ends the line.
    ///
    /// - Returns: its bytes with the newline, which is the only one in it.
    consuming func finish() -> [UInt8] {
        if omitted > 0 { add("omitted_members", String(omitted)) }
        bytes += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
        return bytes
    }

    /// - Returns: whether the line has room for what has been written so far; if not, the rest was not tried.
    private mutating func append(_ value: Logger.MetadataValue, depth: Int) -> Bool {
        switch value {
        case .string(let text): JSONText.append(text, to: &bytes)
        case .stringConvertible(let value): JSONText.append(value.description, to: &bytes)
        case .array where depth == Self.deepest, .dictionary where depth == Self.deepest:
            JSONText.append("…", to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                guard append(item, depth: depth + 1) else { return false }
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in Self.sorted(members, named: { $0 }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                guard append(member.value, depth: depth + 1) else { return false }
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return bytes.count <= Self.longest - Self.tail
    }

    private static func sorted(
        _ metadata: Logger.Metadata,
        named rename: (String) -> String
    ) -> [(name: String, value: Logger.MetadataValue)] {
        metadata.map { (name: rename($0.key), value: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func free(_ name: String) -> String {
        reserved.contains(name.drop { $0 == "_" }) ? "_" + name : name
    }
}
