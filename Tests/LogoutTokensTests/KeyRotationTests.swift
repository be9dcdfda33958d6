import LogoutTokens
import Testing

@Suite("Key rotation")
struct KeyRotationTests {
    static let second: Int64 = 1_000_000
    let rotation = KeyRotation(publication: .seconds(3_600), retiredPublication: .seconds(86_400))

    func key(
        _ kid: String,
        _ stage: KeyStage,
        _ algorithm: SignatureAlgorithm = .edDSA,
        publishedAt: Int64 = 0,
        retiredAt: Int64? = nil
    ) throws -> StagedKey {
        let members =
            algorithm == .es256
            ? KeyFixtures.ec
            : KeyFixtures.ed25519
        let jwk = try PublicJWK(JWKMembers(members.merging(["kid": kid]) { $1 }))
        return StagedKey(jwk: jwk, stage: stage, publishedAt: publishedAt, retiredAt: retiredAt)
    }

    @Test("the set shows next, active and lately retired keys, in the order given")
    func published() throws {
        let keys = try [
            key("next", .next), key("active", .active),
            key("late", .retired, retiredAt: 10 * Self.second), key("gone", .retired, retiredAt: 0),
        ]
        let now = 86_400 * Self.second
        #expect(rotation.publishedKeys(keys, now: now).map(\.kid) == ["next", "active", "late"])
    }

    @Test(
        "a retired key leaves the set when its time is over",
        arguments: [(-1, true), (0, false), (1, false)]
    )
    func retiredEdge(offset: Int64, shown: Bool) throws {
        let keys = try [key("k", .retired, retiredAt: 5 * Self.second)]
        let now = (5 + 86_400) * Self.second + offset
        #expect(rotation.publishedKeys(keys, now: now).count == (shown ? 1 : 0))
    }

    @Test("a key that is activated again has left the set, or has not", arguments: [(-1, false), (0, true)])
    func hasLeft(offset: Int64, left: Bool) throws {
        let now = (5 + 86_400) * Self.second + offset
        #expect(rotation.hasLeft(try key("k", .retired, retiredAt: 5 * Self.second), now: now) == left)
        #expect(!rotation.hasLeft(try key("k", .next), now: now))
    }

    @Test(
        "a copy of the set is out of date before a key that is not in it may sign",
        arguments: [(3_600, 300), (600, 300), (599, 299), (3, 1), (2, 1), (1, 0), (0, 0)] as [(Int64, Int64)]
    )
    func cache(publication: Int64, seconds: Int64) {
        #expect(KeyRotation(publication: .seconds(publication)).cacheSeconds == seconds)
    }

    @Test("a retired key without a time stays")
    func retiredUnknown() throws {
        let keys = try [key("k", .retired)]
        #expect(rotation.publishedKeys(keys, now: .max).count == 1)
    }

    @Test("the first key of an algorithm starts active, later ones next")
    func initialStage() throws {
        let keys = try [key("a", .active), key("b", .retired, .es256)]
        #expect(rotation.initialStage(of: .edDSA, among: keys) == .next)
        #expect(rotation.initialStage(of: .es256, among: keys) == .active)
        #expect(rotation.initialStage(of: .rs256, among: []) == .active)
    }

    @Test("a key may sign once it was published long enough", arguments: [(-1, false), (0, true), (1, true)])
    func activation(offset: Int64, allowed: Bool) throws {
        let until = (100 + 3_600) * Self.second
        let key = try key("k", .next, publishedAt: 100 * Self.second)
        guard allowed else {
            #expect(throws: KeyStageError.notYetPublished(until: until)) {
                try rotation.checkActivation(of: key, now: until + offset, forced: false)
            }
            return
        }
        try rotation.checkActivation(of: key, now: until + offset, forced: false)
    }

    @Test("force activates at once; an active key needs no permission")
    func activationForced() throws {
        try rotation.checkActivation(of: key("k", .next), now: 0, forced: true)
        try rotation.checkActivation(of: key("k", .active), now: 0, forced: false)
        let retired = try key("k", .retired, retiredAt: 0)
        #expect(throws: KeyStageError.notYetPublished(until: 3_600 * Self.second)) {
            try rotation.checkActivation(of: retired, now: 0, forced: false)
        }
    }

    @Test(
        "a retired key may sign again for as long as it is in the JWK Set",
        arguments: [(-1, true), (0, false)]
    )
    func reactivation(offset: Int64, allowed: Bool) throws {
        let retired = try key("k", .retired, retiredAt: 7_200 * Self.second)
        let now = (7_200 + 86_400) * Self.second + offset
        #expect((rotation.publishedKeys([retired], now: now).count == 1) == allowed)
        try rotation.checkActivation(of: retired, now: now, forced: true)
        guard allowed else {
            #expect(throws: KeyStageError.notYetPublished(until: .max)) {
                try rotation.checkActivation(of: retired, now: now, forced: false)
            }
            return
        }
        try rotation.checkActivation(of: retired, now: now, forced: false)
    }

    @Test("the only active key of an algorithm stays unless forced")
    func retirement() throws {
        let only = try key("a", .active)
        let others = try [only, key("b", .next), key("c", .active, .es256), key("d", .retired, retiredAt: 0)]
        #expect(throws: KeyStageError.lastActiveKey(.edDSA)) {
            try rotation.checkRetirement(of: only, among: others, forced: false)
        }
        try rotation.checkRetirement(of: only, among: others, forced: true)
        try rotation.checkRetirement(of: only, among: others + [key("e", .active)], forced: false)
        try rotation.checkRetirement(of: key("b", .next), among: others, forced: false)
    }

    @Test("times far off do not overflow")
    func overflow() throws {
        let endless = KeyRotation(publication: .seconds(Int64.max), retiredPublication: .seconds(Int64.max))
        let retired = try key("k", .retired, retiredAt: 1)
        #expect(endless.publishedKeys([retired], now: .max - 1).count == 1)
        #expect(throws: KeyStageError.notYetPublished(until: .max)) {
            try endless.checkActivation(of: key("k", .next, publishedAt: 1), now: .max - 1, forced: false)
        }
    }
}
