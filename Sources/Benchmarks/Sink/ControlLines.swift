internal import Glibc
internal import StrictJSON
internal import Synchronization

/// Lines of JSON to and from a process, one answer for each question.
final class ControlLines: Sendable {
    private static let maximumBytes = 1 << 30
    /// How long an answer may take: an analysis of millions of tokens is one.
    private static let patience: Duration = .seconds(120)
    private let write: @Sendable ([UInt8]) throws -> Void
    private let read: @Sendable () throws -> [UInt8]

    /// Lines to and from a process's standard input and output.
    init(_ child: ChildProgram) {
        write = { line in try child.send(line: line) }
        read = { try child.readLine(within: Self.patience) }
    }

    /// Lines from one descriptor and to another.
    init(input: Int32, output: Int32) {
        let received = Received()
        write = { line in
            guard writeWhole(line + [UInt8(ascii: "\n")], to: output) else {
                throw WireError.sink("nobody listens")
            }
        }
        read = {
            let line = received.bytes.withLock { bytes in Self.line(from: input, &bytes) }
            guard let line else { throw WireError.sink("the process is gone") }
            return line
        }
    }

    private final class Received: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    /// Asks, and waits for the answer.
    func ask(_ word: String, _ members: (inout JSONWriter) -> Void = { _ in }) throws(WireError) -> JSON {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("do", word)
            members(&writer)
        }
        do {
            try write(writer.bytes)
        } catch {
            throw .sink("\(error)")
        }
        return try next()
    }

    /// The next line.
    func next() throws(WireError) -> JSON {
        do {
            return try JSON.parse(read(), maximumBytes: Self.maximumBytes, maximumValues: .max)
        } catch {
            throw .sink("\(error)")
        }
    }

    private static func line(from input: Int32, _ received: inout [UInt8]) -> [UInt8]? {
        var searched = 0
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = received[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(received[..<end])
                received.removeFirst(end + 1)
                return line
            }
            searched = received.count
            let count = unsafe Glibc.read(input, &chunk, chunk.count)
            guard count > 0 || (count < 0 && errno == EINTR) else { return nil }
            received += chunk.prefix(max(0, count))
        }
    }
}
