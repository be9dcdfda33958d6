import ArgumentParser

/// `lastcall`: durable OpenID Connect Back-Channel Logout for an identity provider that already exists.
@main
struct LastcallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastcall",
        abstract: "Durable OpenID Connect Back-Channel Logout for an identity provider that already exists.",
        discussion: """
            `up` runs everything on one machine. A fleet runs `migrate` once, then any number of `serve` (the API) and \
            `work` (deliveries) against one Postgres. The other commands act on the database that the settings name, \
            or on that of `up` in the data folder; they need no API key.

            Exit codes: 0 done, 1 refused, 64 wrong usage, 69 the database is away, 78 wrong settings.
            """,
        version: Version.text,
        subcommands: [
            UpCommand.self, ServeCommand.self, WorkCommand.self, MigrateCommand.self, DoctorCommand.self,
            HealthCommand.self,
            RetentionCommand.self, IssuersCommand.self,
            ClientsCommand.self, KeysCommand.self, APIKeysCommand.self, LogoutCommand.self,
            DeliveriesCommand.self,
            AuditCommand.self, EventsCommand.self, RedeliveriesCommand.self, SessionsCommand.self,
            SQLDoorCommand.self, WhereCommand.self, LogLabelCommand.self, BenchCommand.self,
            BenchSinkCommand.self,
        ]
    )
}

/// The version that `--version` and the `User-Agent` name.
enum Version {
    static let text = "0.1.0"
}
