/// Takes the bytes of one direction of a Postgres connection apart into messages, wherever the bytes are cut.
///
/// Source: PostgreSQL 15 documentation, §55.7, "Message Formats".
struct MessageReader {
    /// One message.
    struct Message {
        /// Its letter; 0 for what a client says first, which has none.
        let kind: UInt8
        /// All of it, as it stands on the wire.
        let bytes: ArraySlice<UInt8>
        /// What follows its length.
        let body: ArraySlice<UInt8>
    }

    /// Whether a message without a letter is expected: before a session begins.
    var isStartup: Bool
    private var bytes: [UInt8] = []

    init(isStartup: Bool) { self.isStartup = isStartup }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Takes the next message out; `nil` until it is whole.
    ///
    /// - Throws: ``ChaosError`` for a length that no message has.
    mutating func next() throws -> Message? {
        let head = isStartup ? 4 : 5
        guard bytes.count >= head else { return nil }
        let length = bytes[(head - 4)..<head].reduce(0) { $0 << 8 | Int($1) }
        guard (4...1_073_741_824).contains(length) else { throw ChaosError("a message of \(length) bytes") }
        let count = head - 4 + length
        guard bytes.count >= count else { return nil }
        let whole = Array(bytes.prefix(count))
        bytes.removeFirst(count)
        return Message(kind: isStartup ? 0 : whole[0], bytes: whole[...], body: whole[head...])
    }
}

extension ArraySlice<UInt8> {
    /// Takes text out that ends with a zero.
    mutating func popText() -> String {
        let text = prefix { $0 != 0 }
        self = dropFirst(text.count + 1)
        return String(decoding: text, as: UTF8.self)
    }
}
