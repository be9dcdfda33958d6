import ArgumentParser
import Foundation
import Outbox
import Settings

/// `lastcall sql-door`: who may report logouts inside transactions of their own.
struct SQLDoorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql-door",
        abstract: "Let a database role call lastcall.enqueue_logout and its sisters, or not any more.",
        subcommands: [Grant.self, Revoke.self]
    )

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a role in.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The database role of the OP.") var role: String

        func run() async throws {
            try await options.withStore { try await $0.openSQLDoor(to: role) }
            print("\(role) may call lastcall.enqueue_logout, record_participation and end_participation")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut a role out.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The database role of the OP.") var role: String

        func run() async throws {
            try await options.withStore { try await $0.closeSQLDoor(to: role) }
            print("\(role) is shut out")
        }
    }
}
