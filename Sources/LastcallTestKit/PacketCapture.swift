import COpenSSL
import Glibc
import Synchronization

/// Everything that leaves for anywhere, as the kernel hands it to a device: the first packets of connections, and all
/// packets that belong to none. Needs `CAP_NET_RAW`.
public final class PacketCapture: Sendable {
    /// Where a packet was to go.
    public struct Destination: Sendable, Hashable, CustomStringConvertible {
        /// `tcp`, `udp`, or the number of another protocol.
        public let transport: String
        /// As text, never IPv4-mapped.
        public let address: String
        /// 0 where the protocol has none.
        public let port: UInt16

        /// A place that a test names.
        ///
        /// - Parameters:
        ///   - transport: see ``transport``.
        ///   - address: see ``address``.
        ///   - port: see ``port``.
        public init(_ transport: String, _ address: String, _ port: UInt16) {
            self.transport = transport
            self.address = address
            self.port = port
        }

        /// `tcp 192.0.2.1 443`.
        public var description: String { "\(transport) \(address) \(port)" }
    }

    private let descriptor: Int32
    /// Datagrams that were asked with, from where to where: what comes back is no packet of its own.
    private let asked = Mutex<Set<[UInt8]>>([])

    /// `AF_PACKET`, `SOL_PACKET`, `PACKET_STATISTICS`, `SO_RCVBUFFORCE`: Linux's, not in Glibc's headers.
    private static let (family, level, statistics, forcedBuffer): (Int32, Int32, Int32, Int32) = (
        17, 263, 6, 33
    )
    private static let bufferBytes: Int32 = 256 << 20

    /// Begins to look at all devices.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    public init() throws {
        let everything = Int32(UInt16(3).bigEndian)
        descriptor = socket(Self.family, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), everything)
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        var size = Self.bufferBytes
        guard unsafe setsockopt(descriptor, SOL_SOCKET, Self.forcedBuffer, &size, 4) == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
    }

    deinit { close(descriptor) }

    /// What has gone out since the last time.
    ///
    /// A packet is seen before the call that sends it returns, so whatever a finished attempt sent is among them.
    ///
    /// - Throws: ``TestKitError`` where the kernel had to drop any: a capture with gaps proves nothing.
    public func take() throws -> Set<Destination> {
        var found: Set<Destination> = []
        var frame = [UInt8](repeating: 0, count: 256)
        while true {
            let count = unsafe recv(descriptor, &frame, frame.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            if let destination = destination(frame.prefix(count)) { found.insert(destination) }
        }
        var counters: [UInt32] = [0, 0]
        var length = socklen_t(8)
        unsafe getsockopt(descriptor, Self.level, Self.statistics, &counters, &length)
        guard counters[1] == 0 else { throw TestKitError("the capture lost \(counters[1]) packets") }
        return found
    }

    /// Reads an Ethernet frame, as loopback has them too; `nil` for what belongs to a connection that exists.
    private func destination(_ frame: ArraySlice<UInt8>) -> Destination? {
        guard frame.count >= 34 else { return Destination("frame", "of \(frame.count) bytes", 0) }
        let packet = Array(frame.dropFirst(14))
        let (number, address, payload): (UInt8, String, ArraySlice<UInt8>)
        let ends: (from: [UInt8], to: [UInt8])
        switch (frame[12], frame[13]) {
        case (0x08, 0x00):
            number = packet[9]
            address = Self.text(packet[16..<20])
            ends = (Array(packet[12..<16]), Array(packet[16..<20]))
            payload = packet.dropFirst(Int(packet[0] & 15) * 4)
        case (0x86, 0xDD):
            number = packet[6]
            guard packet.count >= 40 else { return Destination("frame", "of \(frame.count) bytes", 0) }
            address = Self.text(packet[24..<40])
            ends = (Array(packet[8..<24]), Array(packet[24..<40]))
            payload = packet.dropFirst(40)
        default: return Destination("type \(frame[12]) \(frame[13])", "", 0)
        }
        let bytes = Array(payload)
        let port = bytes.count > 3 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0
        switch number {
        case 6:
            // SYN without ACK begins a connection.
            guard bytes.count > 13 else { return Destination("tcp", address, port) }
            return bytes[13] & 0x12 == 0x02 ? Destination("tcp", address, port) : nil
        case 17:
            guard bytes.count > 3 else { return Destination("udp", address, port) }
            let back = ends.to + bytes[2..<4] + ends.from + bytes[0..<2]
            let there = ends.from + bytes[0..<2] + ends.to + bytes[2..<4]
            let isReply = asked.withLock { asked in
                if asked.contains(back) { return true }
                asked.insert(there)
                return false
            }
            return isReply ? nil : Destination("udp", address, port)
        // Errors that the kernel sends back, such as "port unreachable".
        case 1 where bytes.first == 3, 58 where bytes.first == 1: return nil
        default: return Destination("\(number)", address, 0)
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        var text = [CChar](repeating: 0, count: 64)
        guard unsafe inet_ntop(family, Array(bytes), &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
