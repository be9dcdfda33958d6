/// Server-sent events from the chunks of a stream, wherever those are cut.
///
/// Source: WHATWG HTML, section 9.2.6, without what no event of an audit trail has: carriage returns, and data of
/// several lines.
public struct ServerSentEvents: Sendable {
    /// One event.
    public struct Event: Sendable, Hashable {
        /// What a reader gives as `Last-Event-ID` to go on behind it.
        public let id: String
        /// What it says.
        public let data: [UInt8]
    }

    private var line: [UInt8] = []
    private var id = ""
    private var data: [UInt8]?

    /// A reader at the beginning of a stream.
    public init() {}

    /// Takes the next chunk.
    ///
    /// - Parameter chunk: of any length.
    /// - Returns: the events that are complete with it, in their order.
    public mutating func take(_ chunk: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in chunk {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if let event = endLine() { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func endLine() -> Event? {
        guard !line.isEmpty else {
            defer { data = nil }
            return data.map { Event(id: id, data: $0) }
        }
        if let value = value(of: "id: ") { id = String(decoding: value, as: UTF8.self) }
        if let value = value(of: "data: ") { data = Array(value) }
        return nil
    }

    private func value(of name: String) -> ArraySlice<UInt8>? {
        line.starts(with: name.utf8) ? line.dropFirst(name.utf8.count) : nil
    }
}
