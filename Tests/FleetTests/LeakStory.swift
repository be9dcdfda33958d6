import Foundation
import LastcallTestKit
import PostgresClient
import Testing

/// A fleet over a Postgres of its own that logs every statement with its parameters, and asks for a password.
struct LeakStory {
    static let password = "db-Passw0rd-6f1f4c3a9be27d58"
    static let operatorKey = "operator-key-0b9e5f7a61c3d824-0123456789"
    static let keyEncryptionKey = Array((0..<32).map { UInt8(truncatingIfNeeded: 0xA1 ^ ($0 &* 37)) })
    static let webhookKey = Array((0..<32).map { UInt8(truncatingIfNeeded: 0x5C ^ ($0 &* 73)) })
    static var webhookSecret: String { "whsec_\(Data(webhookKey).base64EncodedString())" }
    static let sub = "sub-of-alice-4e1b"
    static let sid = "sid-of-alice-9c07"
    static let receiverCredential = "receiver-credential-2f7a90d4c1"
    static let collectorCredential = "collector-credential-8be35d60f2"
    static let marker = "rp-body-marker-77c0ffee"

    /// RFC 7515 A.3: nobody's key.
    static let privateScalar = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
    static let jwk = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"\(privateScalar)"}
        """
    /// RFC 8037 A.1, as PKCS#8: nobody's key either.
    static let pem =
        "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\\n"
        + "-----END PRIVATE KEY-----"
    static let pemScalar = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"

    let cluster: ScratchCluster
    let fleet: Fleet
    let collector: ScriptedRelyingParty
    private let folder: TemporaryFolder

    init() async throws {
        cluster = try ScratchCluster()
        try await cluster.execute("create role op login superuser password '\(Self.password)'")
        try await cluster.execute("create database leaks owner op")
        try Data("local all postgres trust\nlocal all all scram-sha-256\n".utf8)
            .write(to: URL(filePath: cluster.directory + "/data/pg_hba.conf"), options: [])
        for setting in [
            "log_statement = 'all'", "log_parameter_max_length = -1", "log_min_messages = debug1",
        ] {
            try await cluster.execute("alter system set \(setting)")
        }
        try await cluster.execute("select pg_reload_conf()")
        collector = try Fleet.relyingParty()
        folder = try TemporaryFolder()
        try folder.write("Authorization: Bearer \(Self.collectorCredential)\n", to: "headers")
        fleet = try Fleet([
            "LASTCALL_TRACES_ENDPOINT": collector.uri("/v1/traces"),
            "LASTCALL_TRACES_HEADERS_FILE": folder.path + "/headers",
            "LASTCALL_DATABASE_URL": Self.url(Self.password, cluster), "LASTCALL_LOG_LEVEL": "trace",
            "LASTCALL_OPERATOR_API_KEY": Self.operatorKey,
            "LASTCALL_KEY_ENCRYPTION_KEY": Data(Self.keyEncryptionKey).base64EncodedString(),
        ])
    }

    static func url(_ password: String, _ cluster: ScratchCluster) -> String {
        "host=\(cluster.directory) user=op password=\(password) dbname=leaks"
    }

    /// Every row of every table, as text; bytes are in hexadecimal.
    func tables() throws -> String {
        let target = try PostgresConfiguration(
            connectionString: cluster.connectionString(database: "leaks"),
            applicationName: "dump"
        )
        let connection = try PostgresConnection.connect(target)
        let names = PostgresStatement(
            name: "names",
            text: """
                select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'lastcall'
                union all select 'pg_catalog.pg_stat_activity'
                """,
            access: .readOnly
        )
        var text = ""
        for row in try connection.query(names) {
            let name = try row.text(0)
            let dump = PostgresStatement(
                name: "dump \(name)",
                text: "select coalesce(string_agg(t::text, chr(10)), '') from \(name) t",
                access: .readOnly
            )
            text += "\(name)\n\(try #require(connection.query(dump).first).text(0))\n"
        }
        return text
    }
}

/// A secret in all the forms in which it could be written down.
struct Spelled {
    let name: String
    let forms: [String]

    /// A text, and the hexadecimal that Postgres shows its bytes in.
    init(_ name: String, text: String) {
        self.name = name
        forms = [text, Self.hex(Array(text.utf8))]
    }

    /// Bytes.
    init(_ name: String, bytes: [UInt8]) {
        self.name = name
        let base64 = Data(bytes).base64EncodedString().replacing("=", with: "")
        forms = [
            base64, base64.replacing("+", with: "-").replacing("/", with: "_"), Self.hex(bytes),
            Self.hex(bytes).uppercased(), Self.hex(Array(base64.utf8)),
        ]
    }

    /// Base64url.
    init(_ name: String, base64url: String) {
        var text = base64url.replacing("-", with: "+").replacing("_", with: "/")
        while !text.utf8.count.isMultiple(of: 4) { text += "=" }
        self.init(name, bytes: [UInt8](Data(base64Encoded: text) ?? Data()))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
