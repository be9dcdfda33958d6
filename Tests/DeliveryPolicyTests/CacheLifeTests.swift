import DeliveryPolicy
import Testing

@Suite("Cache-Control")
struct CacheLifeTests {
    @Test(
        "how long an answer may be used again is read from it, and nothing else is",
        arguments: [
            ("max-age=60", 60), ("public, max-age=3600", 3_600), (" MAX-AGE = 5 ,x", 5), ("max-age=\"7\"", 7),
            ("max-age=0", 0), ("no-store", 0), ("no-cache, max-age=60", 0), ("max-age=60, no-store", 0),
            ("max-age=60, max-age=30", 30), ("s-maxage=9, max-age=8", 8), ("max-age=999999999", 31_536_000),
            ("max-age=99999999999999999999999", 31_536_000),
        ] as [(String, Int)]
    )
    func read(text: String, seconds: Int) {
        #expect(CacheLife(text)?.duration == .seconds(seconds))
    }

    @Test(
        "what says nothing of it is nothing",
        arguments: [
            "", ",", "=", "max-age", "max-age=", "max-age=x", "max-age=-1", "maxage=5", "public", "\u{fffd}",
        ]
    )
    func nothing(text: String) {
        #expect(CacheLife(text) == nil)
    }
}
