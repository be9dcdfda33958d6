public import FoundationEssentials

/// The id of a logout event: a UUIDv7 (RFC 9562 section 5.7) whose last three bytes are zero.
///
/// Its deliveries carry the same id with their ordinal in those bytes, so an event's deliveries are one range of ids.
public struct LogoutEventID: Sendable, Hashable {
    /// The id as a UUID.
    public let uuid: UUID

    /// Takes an id that the outbox made; a UUID whose last three bytes are not zero names no event.
    public init?(_ uuid: UUID) {
        let bytes = uuid.uuid
        guard bytes.13 == 0, bytes.14 == 0, bytes.15 == 0 else { return nil }
        self.uuid = uuid
    }

    fileprivate init(cutting uuid: UUID) {
        var bytes = uuid.uuid
        bytes.13 = 0
        bytes.14 = 0
        bytes.15 = 0
        self.uuid = UUID(uuid: bytes)
    }

    /// The delivery with this ordinal, 1 to ``DeliveryID/maximumOrdinal``.
    public func delivery(_ ordinal: Int) -> DeliveryID {
        DeliveryID(event: self, ordinal: ordinal)
    }

    /// The event that an id stands for or belongs to: its own, or that of the delivery.
    public static func of(_ subject: UUID) -> LogoutEventID {
        LogoutEventID(cutting: subject)
    }

    /// An id above those of all deliveries of this event. Ids from here up belong to its completion webhooks.
    public var endOfDeliveries: UUID {
        delivery(DeliveryID.maximumOrdinal + 1).uuid
    }

    /// The id in lower case, as RFC 9562 writes it.
    public var text: String { uuid.lowercased }

    /// When the event was accepted, to the millisecond.
    public var createdAt: Timestamp { uuid.timeOfVersion7 }
}

/// The id of a delivery: its event's id with the ordinal, counted from 1, in the last three bytes.
public struct DeliveryID: Sendable, Hashable {
    /// The most deliveries that an event can have.
    public static let maximumOrdinal = 0xFE_FFFF

    /// The id as a UUID.
    public let uuid: UUID

    /// Takes an id that the outbox made; one whose ordinal is 0 is an event's.
    public init?(_ uuid: UUID) {
        let bytes = uuid.uuid
        guard bytes.13 != 0 || bytes.14 != 0 || bytes.15 != 0 else { return nil }
        self.uuid = uuid
    }

    fileprivate init(event: LogoutEventID, ordinal: Int) {
        var bytes = event.uuid.uuid
        bytes.13 = UInt8(truncatingIfNeeded: ordinal >> 16)
        bytes.14 = UInt8(truncatingIfNeeded: ordinal >> 8)
        bytes.15 = UInt8(truncatingIfNeeded: ordinal)
        uuid = UUID(uuid: bytes)
    }

    /// The id of an event's completion webhook: of the `endCount`-th time that it ended, counted from 1.
    public static func webhook(of event: LogoutEventID, endCount: Int) -> DeliveryID {
        DeliveryID(event: event, ordinal: 0x100_0000 - endCount)
    }

    /// Whether it is a completion webhook's; such a row is queued like a delivery, and shown as none.
    public var isWebhook: Bool { ordinal > Self.maximumOrdinal }

    /// The event that this delivery belongs to.
    public var event: LogoutEventID { LogoutEventID(cutting: uuid) }

    /// The place among the event's deliveries, counted from 1.
    public var ordinal: Int {
        let bytes = uuid.uuid
        return Int(bytes.13) << 16 | Int(bytes.14) << 8 | Int(bytes.15)
    }

    /// The id in lower case, as RFC 9562 writes it.
    public var text: String { uuid.lowercased }

    /// When the event was accepted, to the millisecond.
    public var createdAt: Timestamp { uuid.timeOfVersion7 }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

extension UUID {
    /// RFC 9562 section 4 asks for lower case; Foundation prints upper case.
    public var lowercased: String {
        let bytes = uuid
        return unsafe String(unsafeUninitializedCapacity: 36) { text in
            unsafe withUnsafeBytes(of: bytes) { bytes in
                var end = 0
                for index in 0..<16 {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        unsafe text[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    unsafe text[end] = hexDigit(bytes[index] >> 4)
                    unsafe text[end + 1] = hexDigit(bytes[index] & 15)
                    end += 2
                }
                return end
            }
        }
    }

    /// The time in the first 48 bits of a version 7 UUID, to the millisecond.
    public var timeOfVersion7: Timestamp {
        let bytes = uuid
        let milliseconds =
            Int64(bytes.0) << 40 | Int64(bytes.1) << 32 | Int64(bytes.2) << 24 | Int64(bytes.3) << 16
            | Int64(bytes.4) << 8 | Int64(bytes.5)
        return Timestamp(microseconds: milliseconds * 1_000)
    }

    /// The lowest id of an instant's millisecond: where ids made then or later begin.
    public static func floor(of time: Timestamp) -> UUID {
        let milliseconds = UInt64(bitPattern: max(0, time.microseconds / 1_000))
        func byte(_ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: milliseconds >> shift) }
        return UUID(
            uuid: (byte(40), byte(32), byte(24), byte(16), byte(8), byte(0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        )
    }
}
