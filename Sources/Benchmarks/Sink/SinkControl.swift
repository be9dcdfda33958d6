internal import Glibc
internal import StrictJSON

/// The sink's end of its control channel: one JSON object a line in, one a line out.
///
/// `{"do": "behave", "as": "answer" | "hang" | "refuse" | "delay", "milliseconds"?, "first", "count"}` (ports by position),
/// `{"do": "reset"}`, `{"do": "count"}`, `{"do": "report", "samples"}`, `{"do": "arrivals", "prefix"}`.
final class SinkControl {
    private enum Word: String, CaseIterable {
        case behave, reset, count, report, arrivals
    }

    private enum Behaviour: String, CaseIterable {
        case answer, hang, refuse, delay
    }

    let input: Int32
    private let output: Int32
    private var partial: [UInt8] = []

    init(input: Int32, output: Int32) {
        (self.input, self.output) = (input, output)
    }

    /// Says at which ports the sink listens, and so that it does.
    func greet(_ ports: [UInt16]) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.arrayMember("ports") { writer in for port in ports { writer.int(port) } }
        }
        say(writer.bytes)
    }

    /// Does what has been asked for; false at the end of the channel.
    func obey(_ sink: Sink) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe read(input, &chunk, chunk.count)
        guard count > 0 else { return count < 0 && errno == EINTR }
        partial += chunk.prefix(count)
        while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(partial[..<end])
            partial.removeFirst(end + 1)
            do {
                try obey(line, sink)
            } catch {
                return false
            }
        }
        return true
    }

    private func obey(_ line: [UInt8], _ sink: Sink) throws(JSONError) {
        var reader = try ObjectReader(try JSON.parse(line))
        var writer = JSONWriter()
        switch try reader.enumeration("do", of: Word.self) {
        case .behave:
            let first = try reader.int("first", 0...65_535)
            let behaviour: SinkBehaviour =
                switch try reader.enumeration("as", of: Behaviour.self) {
                case .answer: .answer
                case .hang: .hang
                case .refuse: .refuse
                case .delay: .delay(milliseconds: try reader.int("milliseconds", 0...3_600_000))
                }
            sink.behave(behaviour, at: first..<(first + (try reader.int("count", 0...65_535))))
            writer.object { _ in }
        case .reset:
            sink.ledger.reset()
            writer.object { _ in }
        case .count:
            writer.object { writer in writer.member("posts", sink.ledger.posts) }
        case .report:
            var report = sink.ledger.report(
                ports: sink.ports,
                samples: try reader.int("samples", 0...10_000)
            )
            report.connections = sink.connectionCount
            report.write(to: &writer)
        case .arrivals:
            let arrivals = sink.ledger.arrivals(
                prefix: try reader.string("prefix", maximumBytes: 255, text: .free)
            )
            writer.object { writer in
                writer.arrayMember("arrivals") { writer in
                    for arrival in arrivals {
                        writer.array { writer in
                            writer.string(arrival.sid)
                            writer.int(arrival.firstByte)
                        }
                    }
                }
            }
        }
        try reader.finish()
        say(writer.bytes)
    }

    private func say(_ line: [UInt8]) {
        writeWhole(line + [UInt8(ascii: "\n")], to: output)
    }
}

/// Writes everything to a descriptor, waiting where there is no room; false where nobody reads any more.
@discardableResult
func writeWhole(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes[written...].withUnsafeBytes { rest in
            unsafe write(descriptor, rest.baseAddress, rest.count)
        }
        guard count > 0 || errno == EINTR else { return false }
        written += max(0, count)
    }
    return true
}
