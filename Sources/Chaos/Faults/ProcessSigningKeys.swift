internal import Benchmarks
internal import PostgresClient
internal import StrictJSON

/// The issuer has no key to sign with.
struct SigningKeyMissing: Fault {
    let name = "signing-key-missing"
    let sentence = "the issuer's only signing key is retired by force, and a new one made 6 s later"

    var expectations: Expectations { Expectations { $0.quiet = .seconds(180) } }

    func play(in world: World) async throws {
        guard let kid = try world.activeKeys().first else { throw ChaosError("there is no active key") }
        try await world.command("keys", "retire", World.issuer, "--force", "--", kid)
        await world.pause(.seconds(6))
        try world.call("POST", "/v1/issuers/\(World.issuer)/signing-keys", #"{"alg": "ES256"}"#)
    }
}

/// The private key in the database cannot be opened.
struct SigningKeyCorrupt: Fault {
    let name = "signing-key-corrupt"
    let sentence = "a bit of the encrypted private key flips in the database, and flips back 6 s later"

    var expectations: Expectations { Expectations { $0.quiet = .seconds(180) } }

    func play(in world: World) async throws {
        let connection = try world.connect()
        // Workers read keys anew when their issuer has changed.
        try connection.execute(script: Self.flip)
        await world.pause(.seconds(6))
        try connection.execute(script: Self.flip)
        let rows = try connection.query(Self.failures)
        let failures = Int(try rows.first?.int8(0) ?? 0)
        world.check(Check("attempts say that they could not be signed", failures > 0, detail: "\(failures)"))
    }

    private static let flip = """
        update lastcall.signing_keys set sealed_private_key = set_bit(sealed_private_key, 8 * octet_length(sealed_private_key) - 9,
            1 - get_bit(sealed_private_key, 8 * octet_length(sealed_private_key) - 9)) where stage = 'active';
        update lastcall.issuers set version = version + 1
        """
    private static let failures = PostgresStatement(
        name: "chaos_signing_failed",
        text: "select count(*) from lastcall.attempts where outcome = 'signing_failed'",
        access: .readOnly
    )
}

/// The key changes between two attempts.
struct SigningKeyRotated: Fault {
    let name = "signing-key-rotated"
    let sentence = "the signing key is rotated twice while deliveries are between attempts"

    var setup: WorldSetup { WorldSetup { $0.settings = ["LASTCALL_KEY_PUBLICATION_SECONDS": "0"] } }

    func play(in world: World) async throws {
        let spares = world.setup.spares
        world.parties.set(.status(503), for: spares)
        var sids: Set<String> = []
        for spare in spares { sids.formUnion(await world.load.report(to: [spare]).targets.map(\.sid)) }
        try await world.waitForPosts(of: Array(sids))
        for _ in 0..<2 {
            let answer = try world.call(
                "POST",
                "/v1/issuers/\(World.issuer)/signing-keys",
                #"{"alg": "ES256"}"#
            )
            guard let kid = answer.json["kid"]?.string else {
                throw ChaosError("no kid: \(answer.text)")
            }
            try await world.command("keys", "activate", World.issuer, "--", kid)
            await world.pause(.seconds(3))
        }
        world.parties.set(.ok, for: spares)
        try await world.wait(for: "the deliveries", within: .seconds(90)) {
            let done = PostBook().read(world.parties).filter {
                sids.contains($0.sid) && $0.post.answer == 200
            }
            return Set(done.map(\.sid)) == sids
        }
        let posts = PostBook().read(world.parties).filter { sids.contains($0.sid) }
        let kids = Dictionary(grouping: posts, by: \.sid).mapValues { Set($0.map(\.kid)).count }
        world.check(
            Check(
                "a retry is signed with the key of its time",
                kids.values.allSatisfy { $0 > 1 },
                detail: "\(kids.values.count { $0 > 1 }) of \(kids.count)"
            )
        )
    }
}

extension World {
    /// The keys that sign now.
    func activeKeys() throws -> [String] {
        let rows = try connect().query(
            PostgresStatement(
                name: "chaos_active_keys",
                text: "select kid from lastcall.signing_keys where stage = 'active'",
                access: .readOnly
            )
        )
        return try rows.map { try $0.text(0) }
    }
}
