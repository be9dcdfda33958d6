import PostgresClient
import Testing

@Suite("Configuration")
struct PostgresConfigurationTests {
    @Test(
        "nothing prints the password",
        arguments: [
            "host=db.example user=u password=hunter2secret dbname=d",
            "postgresql://u:hunter2secret@db.example:5433/d?sslpassword=hunter2secret",
        ]
    )
    func redacted(connectionString: String) throws {
        let configuration = try PostgresConfiguration(connectionString: connectionString)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hunter2secret"))
            #expect(text.contains("db.example"))
        }
    }

    @Test(
        "a string that libpq cannot read is refused without being quoted",
        arguments: [
            "password=hunter2 secret host=h",
            "postgresql://u:hunter2secret@[::1/d",
            "postgresql://u:hunter2%secret@h/d",
            "no_such_keyword=hunter2secret",
        ]
    )
    func malformed(connectionString: String) {
        let expected = PostgresError.configuration(
            "the connection string is neither a libpq conninfo string nor a URI"
        )
        #expect(throws: expected) { try PostgresConfiguration(connectionString: connectionString) }
    }

    @Test("U+0000 in a connection string is refused")
    func nul() {
        let expected = PostgresError.configuration(
            "the connection string or the application name holds U+0000"
        )
        #expect(throws: expected) { try PostgresConfiguration(connectionString: "host=a\0b") }
        #expect(throws: expected) {
            try PostgresConfiguration(connectionString: "host=a", applicationName: "a\0")
        }
    }

    @Test("several hosts are taken apart with their ports")
    func severalHosts() throws {
        let uri = "postgresql://u@a.example:5433,b.example:5434/d"
        let configuration = try PostgresConfiguration(connectionString: uri)
        #expect(
            configuration.description
                == "postgres(host=a.example port=5433 dbname=d user=u, host=b.example port=5434 dbname=d user=u)"
        )
    }

    @Test("one port holds for all hosts; another number of ports than hosts is refused")
    func ports() throws {
        let one = try PostgresConfiguration(connectionString: "host=a,b port=6000")
        #expect(one.description == "postgres(host=a port=6000, host=b port=6000)")
        #expect(throws: PostgresError.configuration("2 ports do not fit 3 hosts")) {
            try PostgresConfiguration(connectionString: "host=a,b,c port=1,2")
        }
        #expect(throws: PostgresError.configuration("host and hostaddr name different numbers of hosts")) {
            try PostgresConfiguration(connectionString: "host=a,b hostaddr=127.0.0.1")
        }
    }
}
