import FoundationEssentials

extension UUID {
    /// A version 7 UUID from a floor and random bits (RFC 9562 section 5.7).
    func filledAsVersion7(with random: UUID) -> UUID {
        let time = uuid
        let bits = random.uuid
        return UUID(
            uuid: (
                time.0, time.1, time.2, time.3, time.4, time.5, 0x70 | bits.6 & 0x0F, bits.7,
                0x80 | bits.8 & 0x3F,
                bits.9, bits.10, bits.11, bits.12, bits.13, bits.14, bits.15
            )
        )
    }
}
