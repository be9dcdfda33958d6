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
            or on that of `up` in the data folder, and need no API key; with --api, on an API that runs elsewhere.

            Exit codes: 0 done, 1 refused, failed, or not as it should be, 64 wrong usage, 69 the database or the API is \
            away, 78 wrong settings. docs/cli.md says what --json prints.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Processes",
                subcommands: [UpCommand.self, ServeCommand.self, WorkCommand.self, MigrateCommand.self]
            ),
            CommandGroup(
                name: "What is going on",
                subcommands: [
                    TailCommand.self, WhereCommand.self, EventsCommand.self, DeliveriesCommand.self,
                    AuditCommand.self,
                    HealthCommand.self, DoctorCommand.self, LogLabelCommand.self,
                ]
            ),
            CommandGroup(
                name: "Logouts",
                subcommands: [
                    LogoutCommand.self, RedeliverCommand.self, RedeliveriesCommand.self, SessionsCommand.self,
                ]
            ),
            CommandGroup(
                name: "Setting up",
                subcommands: [
                    IssuersCommand.self, ClientsCommand.self, KeysCommand.self, APIKeysCommand.self,
                    SQLDoorCommand.self,
                ]
            ),
            CommandGroup(
                name: "Upkeep",
                subcommands: [
                    RetentionCommand.self, BenchCommand.self, BenchSinkCommand.self, OpenAPICommand.self,
                ]
            ),
        ]
    )
}

/// The version that `--version` and the `User-Agent` name.
enum Version {
    static let text = "0.1.0"
}
