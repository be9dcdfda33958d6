import AuditTrail
import Testing

@Suite("Audit head")
struct AuditHeadTests {
    static let digits = String(repeating: "0f", count: 32)

    @Test("a head reads back as it is printed")
    func roundTrip() {
        let head = AuditHead(number: 42, hash: Array(0..<32))
        #expect(AuditHead("\(head)") == head)
        #expect(AuditHead("7:\(Self.digits)")?.description == "7:\(Self.digits)")
        #expect(AuditHead("7:\(Self.digits.uppercased())") == AuditHead("7:\(Self.digits)"))
    }

    @Test(
        "what is no head is refused",
        arguments: [
            "", ":", "7", "7:", ":\(digits)", "-1:\(digits)", "7:\(digits)0", "7:\(digits.dropLast())",
            "7:\(digits.dropLast())g", "7:\(digits):", "x:\(digits)", "99999999999999999999:\(digits)",
        ]
    )
    func refused(text: String) {
        #expect(AuditHead(text) == nil)
    }
}
