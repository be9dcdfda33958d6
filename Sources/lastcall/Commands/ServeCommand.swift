import ArgumentParser
import Foundation
import PostgresClient
import Settings
import StrictJSON

/// `lastcall serve`: the API.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Answer the API.")
    @OptionGroup(title: "Settings") var flags: SettingFlags

    func run() async throws {
        try await runProcess(flags, roles: .api)
    }
}

/// `lastcall work`: deliveries.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", abstract: "Deliver logouts.")
    @OptionGroup(title: "Settings") var flags: SettingFlags

    func run() async throws {
        try await runProcess(flags, roles: .deliveries)
    }
}

/// `lastcall migrate`: the schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date; safe in many processes at once."
    )
    @OptionGroup(title: "Settings") var flags: SettingFlags
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await finishing(json: json) {
            let settings = try loadSettings(flags)
            let state = try await Database(settings, role: "migrate").migrate()
            guard !json else {
                let counts = [("applied", state.applied), ("newer", state.newer)]
                return print(JSON.object(of: counts.map { ($0, .int($1.count)) }).line)
            }
            print("schema is current: \(state.applied.count) migrations")
        }
    }
}

/// Reads the settings from flags, environment and file.
func loadSettings(_ flags: SettingFlags) throws -> LastcallSettings {
    let settings = try LastcallSettings.load(
        flags: flags.values,
        environment: RemoteOptions.others(in: ProcessInfo.processInfo.environment)
    )
    if !settings.coreDumps { CrashTraces.forbid() }
    return settings
}

private func runProcess(_ flags: SettingFlags, roles: Runtime.Roles) async throws {
    try await finishing {
        let settings = try loadSettings(flags)
        guard settings.databaseURL != nil else {
            throw Failure(
                "LASTCALL_DATABASE_URL is needed (`lastcall up` brings a database of its own)",
                code: Failure.misconfigured
            )
        }
        let logs = try Logs(settings)
        defer { logs.finish() }
        try await Runtime(settings, roles: roles, logger: logs.logger, registry: logs.registry).run()
    }
}
