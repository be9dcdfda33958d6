import FoundationEssentials
import LogoutTokens
import Testing

@Suite("API key")
struct APIKeySecretTests {
    static let text = "lc_0190a1b2c3d47e5f8091a2b3c4d5e6f7_" + "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
    let id: UUID
    let key: APIKeySecret

    init() throws {
        id = try #require(UUID(uuidString: "0190A1B2-C3D4-7E5F-8091-A2B3C4D5E6F7"))
        key = try #require(APIKeySecret(id: id, randomBytes: [UInt8](repeating: 1, count: 32)))
    }

    @Test("it is written and read in one form")
    func form() throws {
        #expect(key.reveal() == Self.text)
        let read = try #require(APIKeySecret(Self.text))
        #expect(read.id == id)
        #expect(read.hash == key.hash)
        #expect(read.reveal() == Self.text)
    }

    @Test("a secret with underscores reads too")
    func underscores() throws {
        let key = try #require(APIKeySecret(id: id, randomBytes: [UInt8](repeating: 0xFF, count: 32)))
        #expect(key.reveal().hasSuffix("_\(String(repeating: "_", count: 42))8"))
        #expect(APIKeySecret(key.reveal())?.hash == key.hash)
    }

    @Test("the secret has exactly 32 bytes", arguments: [(0, false), (31, false), (32, true), (33, false)])
    func length(count: Int, allowed: Bool) {
        #expect((APIKeySecret(id: id, randomBytes: [UInt8](repeating: 1, count: count)) != nil) == allowed)
    }

    @Test(
        "any other text is none",
        arguments: [
            "", "lc_", text + "A", String(text.dropLast()), " " + text, text + "\n", text.uppercased(),
            text.replacing("lc_", with: "LC_"), text.replacing("a1b2", with: "A1B2"),
            text.replacing("0190", with: "g190"),
            String(text.dropLast()) + "F", text.replacing("_AQ", with: "-AQ"), String(text.dropLast()) + "=",
            text.replacing("0190", with: "\u{E9}90"),
        ]
    )
    func refuses(text: String) {
        #expect(APIKeySecret(text) == nil)
    }

    @Test("it is verified by its hash")
    func verifies() throws {
        let other = try #require(APIKeySecret(id: id, randomBytes: [UInt8](repeating: 2, count: 32)))
        #expect(key.verify(against: key.hash))
        #expect(!key.verify(against: other.hash))
        #expect(!key.verify(against: []))
        #expect(key.hash == Digests.sha256(Array("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE".utf8)))
    }

    @Test("printing and dumping show the id alone")
    func redacted() {
        #expect("\(key)" == "APIKeySecret(0190A1B2-C3D4-7E5F-8091-A2B3C4D5E6F7)")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("AQEB"))
    }
}
