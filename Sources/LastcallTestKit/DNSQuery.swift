import Glibc

/// One question to a name server, and the answers to it in the form of RFC 1035 §4.1.
struct DNSQuery {
    /// A resource record.
    struct Record {
        enum Data {
            /// Of the family that its text shows.
            case address(String)
            case alias(String)
        }

        let name: String
        let ttl: UInt32
        let data: Data
    }

    /// A and AAAA.
    static let types: [UInt16] = [1, 28]

    /// In lower case, without a dot at its end.
    let name: String
    let type: UInt16
    private let id: ArraySlice<UInt8>
    private let question: ArraySlice<UInt8>

    /// Reads a message with one question.
    init?(_ message: ArraySlice<UInt8>) {
        guard message.count > 16 else { return nil }
        let start = message.startIndex + 12
        var labels: [String] = []
        var at = start
        while at < message.endIndex, message[at] != 0 {
            let end = at + 1 + Int(message[at])
            guard message[at] < 64, end < message.endIndex else { return nil }
            labels.append(String(decoding: message[(at + 1)..<end], as: UTF8.self).lowercased())
            at = end
        }
        guard at + 4 < message.endIndex else { return nil }
        name = labels.joined(separator: ".")
        type = UInt16(message[at + 1]) << 8 | UInt16(message[at + 2])
        id = message.prefix(2)
        question = message[start...(at + 4)]
    }

    /// An answer: those records that fit the question, in order.
    func reply(_ records: [Record] = [], code: UInt8 = 0, isTruncated: Bool = false) -> [UInt8] {
        let answers = records.compactMap { encoded($0) }
        var bytes = Array(id)
        bytes += [isTruncated ? 0x87 : 0x85, 0x80 | code, 0, 1, 0, UInt8(answers.count), 0, 0, 0, 0]
        bytes += question
        return bytes + answers.flatMap { $0 }
    }

    /// Bytes that begin like an answer and are none.
    var garbage: [UInt8] { Array(id) + [0x85, 0x80, 0, 1, 0, 9] + [UInt8](repeating: 0xC0, count: 40) }

    private func encoded(_ record: Record) -> [UInt8]? {
        let type: UInt16
        let data: [UInt8]
        switch record.data {
        case .alias(let other): (type, data) = (5, Self.encoded(other))
        case .address(let text):
            let isV6 = text.utf8.contains(UInt8(ascii: ":"))
            type = isV6 ? 28 : 1
            var bytes = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
            guard unsafe inet_pton(isV6 ? AF_INET6 : AF_INET, text, &bytes) == 1, type == self.type else {
                return nil
            }
            data = bytes
        }
        var bytes = Self.encoded(record.name) + [0, UInt8(type), 0, 1]
        bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: record.ttl >> $0) }
        return bytes + [0, UInt8(data.count)] + data
    }

    private static func encoded(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}
