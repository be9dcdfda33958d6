package import Benchmarks
internal import Certificates
internal import FoundationEssentials
internal import Glibc
internal import LastcallTestKit
internal import LogoutTokens

/// What one fault is played in: a cluster, a fleet, relying parties and load, in a folder of its own. Used from one task.
package final class World {
    /// What there is of each.
    package let setup: WorldSetup
    /// The processes of the product.
    package let fleet: Fleet
    /// The relying parties, with the ledger of what they received.
    package let parties: LedgerParties
    /// The cluster.
    package let postgres: ChaosPostgres
    /// The calls, with the ledger of what was answered.
    package let load: Load
    /// Every choice is drawn from here.
    package let random: SeededRandom
    /// A folder of its own, which the product's user and Postgres's may pass through.
    package let folder: String
    /// The settings that every process of the product gets.
    package let environment: [String: String]
    /// Whether it is to be short.
    package let isQuick: Bool
    /// When the fault began, and when it was healed; on `CLOCK_MONOTONIC`, 0 before.
    package internal(set) var (faultBegan, faultEnded): (UInt64, UInt64) = (0, 0)

    /// What the fault found by itself.
    private(set) var checks: [Check] = []
    private(set) var notes: [String] = []
    /// Wall clock and `CLOCK_MONOTONIC`, read at once.
    package let clocks: (wall: Int64, monotonic: UInt64)
    private let scratch: ScratchFolder
    private let operatorKey: String
    private let tell: @Sendable (String) -> Void

    /// The issuer's name.
    package static let issuer = "op"
    /// Its `iss`.
    package static let issuerURL = "https://op.example.com"

    /// The `client_id` of a relying party.
    ///
    /// - Parameter party: from 0.
    /// - Returns: `c0`, `c1`, ...
    package static func client(_ party: Int) -> String { "c\(party)" }

    /// Builds everything but the processes; ``begin()`` starts them.
    ///
    /// - Parameters:
    ///   - setup: what there is of each.
    ///   - seed: of every choice.
    ///   - isQuick: whether it is to be short.
    ///   - base: the folder for the world's own.
    ///   - tell: hears what is going on.
    /// - Throws: where there is no folder, no port or no Postgres.
    package init(
        _ setup: WorldSetup,
        seed: UInt64,
        isQuick: Bool,
        below base: String = "/var/tmp",
        tell: @escaping @Sendable (String) -> Void
    ) throws {
        self.setup = setup
        self.isQuick = isQuick
        self.tell = tell
        random = SeededRandom(seed: seed)
        clocks = (Int64(Date().timeIntervalSince1970 * 1e6), Moment.now)
        scratch = try ScratchFolder(below: base)
        folder = scratch.path
        let authority = try CertificateAuthority(commonName: "Lastcall chaos")
        let caFile = folder + "/ca.pem"
        try Data(authority.certificatePEM.utf8).write(to: URL(filePath: caFile))
        operatorKey = "lc_chaos_" + Base64.urlEncode(try Digests.randomBytes(32))
        parties = try LedgerParties(count: setup.parties, authority: authority)
        postgres = try ChaosPostgres(setup: setup, folder: folder)
        environment = [
            "LASTCALL_DATABASE_URL": postgres.connectionString, "LASTCALL_LISTEN": "127.0.0.1:0",
            "LASTCALL_ADMIN_LISTEN": "127.0.0.1:0", "LASTCALL_DATA_DIR": folder + "/data",
            "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true", "LASTCALL_CA_FILE": caFile,
            "LASTCALL_OPERATOR_API_KEY": operatorKey,
            "LASTCALL_KEY_ENCRYPTION_KEY": Base64.encode(try Digests.randomBytes(32)),
        ].merging(postgres.productSettings) { $1 }.merging(setup.settings) { $1 }
        let fleet = Fleet(setup, environment: environment)
        self.fleet = fleet
        load = Load(setup, key: operatorKey, random: random.fork()) {
            fleet.apis.map(\.port).filter { $0 != 0 }
        }
    }

    /// Migrates, starts the fleet, and registers the issuer, its key and its clients.
    ///
    /// - Throws: where a step fails.
    package func begin() async throws {
        try await command("migrate")
        try await fleet.start()
        try call("PUT", "/v1/issuers/\(Self.issuer)", #"{"issuer": "\#(Self.issuerURL)"}"#)
        try call("POST", "/v1/issuers/\(Self.issuer)/signing-keys", #"{"alg": "ES256"}"#)
        for party in 0..<setup.parties { try register(party) }
    }

    /// Registers a relying party, or changes its client.
    ///
    /// - Parameters:
    ///   - party: which.
    ///   - uri: where it is said to be; where it is unless told.
    ///   - delivery: what its metadata say under `delivery`; what the setup says unless told.
    /// - Throws: where the API refuses.
    package func register(_ party: Int, at uri: String? = nil, delivery: String? = nil) throws {
        try call(
            "PUT",
            "/v1/issuers/\(Self.issuer)/clients/\(Self.client(party))",
            #"{"backchannel_logout_uri": "\#(uri ?? parties.uri(party))", "#
                + #""id_token_signed_response_alg": "ES256", "delivery": \#(delivery ?? setup.clientDelivery)}"#
        )
    }

    /// Ends every process and removes everything.
    package func close() async {
        await load.stop(within: .zero)
        for member in fleet.members { member.signal(SIGCONT) }
        await fleet.kill()
        parties.close()
        postgres.close()
    }

    /// A moment of `CLOCK_MONOTONIC` on the wall clock of before the fault.
    ///
    /// - Parameter moment: in nanoseconds.
    /// - Returns: microseconds since 1970.
    package func wall(_ moment: UInt64) -> Int64 {
        clocks.wall + (Int64(moment) - Int64(clocks.monotonic)) / 1_000
    }

    /// Lets time pass; load goes on.
    ///
    /// - Parameter duration: how much.
    package func pause(_ duration: Duration) async {
        try? await Task.sleep(for: duration)
    }

    /// Writes a line into the report.
    ///
    /// - Parameter line: a sentence without its full stop.
    package func note(_ line: String) {
        notes.append(line)
        tell(line)
    }

    /// Adds a check of the fault's own to the accounts.
    ///
    /// - Parameter check: what must hold, and whether it does.
    package func check(_ check: Check) { checks.append(check) }

    /// Waits for something that the fault needs.
    ///
    /// - Parameters:
    ///   - what: what is waited for.
    ///   - bound: when to give up.
    ///   - condition: whether it is there.
    /// - Throws: where it does not come.
    package func wait(
        for what: String,
        within bound: Duration = .seconds(60),
        until condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + bound
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw ChaosError("waited in vain for \(what)") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Calls the API of a process that answers; one that must succeed.
    ///
    /// - Parameters:
    ///   - method: `GET`, `PUT`, ...
    ///   - path: with its query.
    ///   - body: JSON as text.
    /// - Returns: the answer.
    /// - Throws: where none of them gives a 2xx.
    @discardableResult
    package func call(_ method: String, _ path: String, _ body: String? = nil) throws -> HTTPCall.Answer {
        var last = "no process answers"
        for api in fleet.apis where api.isRunning && api.port != 0 {
            do {
                let answer = try HTTPCall.send(
                    method,
                    path,
                    port: api.port,
                    headers: ["Authorization: Bearer \(operatorKey)"],
                    body: body
                )
                if answer.status < 300 { return answer }
                last = "\(answer.status) \(answer.text)"
            } catch {
                last = "\(error)"
            }
        }
        throw ChaosError("\(method) \(path): \(last)")
    }

    /// Runs a command of the product to its end; one that must succeed.
    ///
    /// - Parameter arguments: the subcommand and its arguments.
    /// - Returns: what it prints.
    /// - Throws: where it ends with another exit status than 0.
    @discardableResult
    package func command(_ arguments: String...) async throws -> String {
        let result = try await LastcallProcess.run(arguments, environment: environment)
        guard result.end == .exit(0) else {
            throw ChaosError("lastcall \(arguments.joined(separator: " ")): \(result.errors.suffix(400))")
        }
        return result.output
    }
}

@available(*, unavailable)
extension World: Sendable {}
