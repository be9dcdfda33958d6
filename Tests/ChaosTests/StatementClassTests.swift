import LastcallSQL
import Testing

@testable import Chaos

@Suite("What a statement of the product is about")
struct StatementClassTests {
    @Test(
        "a statement is known by its prepared name, and by its text where it has none",
        arguments: [
            (SQLText.accept, StatementClass.accept), (SQLText.claim, .claim), (SQLText.settle, .settle),
            (SQLText.audit_add, .audit), (SQLText.audit_seal, .audit),
        ]
    )
    func known(file: SQLText.File, expected: StatementClass) {
        #expect(StatementClass.of(name: "12_\(file.name)", text: "") == expected)
        #expect(StatementClass.of(name: "", text: file.text) == expected)
    }

    @Test("the note of an issuer's change is one too")
    func tenants() {
        #expect(StatementClass.of(name: "3_tenant_audit_add", text: "") == .audit)
    }

    @Test("every other statement of the product is nothing of these")
    func others() {
        let known: Set = ["accept", "claim", "settle", "audit_add", "audit_seal"]
        for file in SQLText.queries where !known.contains(file.name) {
            #expect(StatementClass.of(name: "1_\(file.name)", text: file.text) == nil, "\(file.name)")
            #expect(StatementClass.of(name: "", text: file.text) == nil, "\(file.name)")
        }
    }
}
