import Settings
import Testing

@Suite("Secrets")
struct SecretTests {
    struct Holder {
        let name = "holder"
        let secret: Secret<String>
        let optional: Secret<String>?
    }

    enum Refusal: Error {
        case because(Secret<String>)
    }

    @Test("no way of printing shows a secret, alone, in a struct, in a collection or in an error")
    func prints() {
        let secret = Secret("hunter2")
        let holder = Holder(secret: secret, optional: secret)
        var dumped = ""
        dump([holder], to: &dumped)
        dump(secret, to: &dumped)
        let error: any Error = Refusal.because(secret)
        let texts = [
            dumped, "\(secret)", secret.description, secret.debugDescription, String(describing: secret),
            String(reflecting: secret), "\(holder)", String(reflecting: holder), "\([secret])",
            "\(["a": secret])",
            "\(error)", String(reflecting: error), "\(Mirror(reflecting: secret).children.map { "\($0)" })",
        ]
        for text in texts { #expect(!text.contains("hunter2")) }
        #expect(secret.description == "<secret>")
    }

    @Test("a secret cannot be encoded, and is read only when asked")
    func reveals() {
        let secret = Secret("hunter2")
        #expect(!(secret is any Encodable))
        #expect(secret.reveal() == "hunter2")
    }
}
