import LogoutTokens
import Testing

@Suite("Bearer key")
struct BearerKeyTests {
    @Test("an issued key is recognised by its form")
    func issued() throws {
        guard case .issued(let key) = BearerKey(APIKeySecretTests.text) else {
            Issue.record("not taken for an issued key")
            return
        }
        #expect(BearerKey(APIKeySecretTests.text)?.hash == key.hash)
    }

    @Test(
        "a chosen key has 32 to 255 visible ASCII characters",
        arguments: [
            (String(repeating: "a", count: 31), false), (String(repeating: "a", count: 32), true),
            (String(repeating: "~", count: 255), true), (String(repeating: "a", count: 256), false),
            (String(repeating: "!", count: 32), true), (String(repeating: "a", count: 31) + " ", false),
            (String(repeating: "a", count: 31) + "\u{7F}", false),
            (String(repeating: "a", count: 31) + "\u{E9}", false),
            (String(APIKeySecretTests.text.dropLast()), true), ("", false),
        ]
    )
    func chosen(text: String, allowed: Bool) {
        #expect(BearerKey(text)?.hash == (allowed ? Digests.sha256(Array(text.utf8)) : nil))
    }

    @Test("printing and dumping show nothing of a chosen key")
    func redacted() throws {
        let text = "correct-horse-battery-staple-and-more"
        let key = try #require(ChosenKey(text))
        #expect("\(key)" == "ChosenKey")
        var dumped = ""
        try dump(#require(BearerKey(text)), to: &dumped)
        #expect(!dumped.contains("horse"))
    }
}
