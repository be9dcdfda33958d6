import ArgumentParser
import Foundation
import Outbox
import Settings
import StrictJSON

/// `lastcall sql-door`: who may report logouts inside transactions of their own.
struct SQLDoorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql-door",
        abstract: "Let a database role call lastcall.enqueue_logout and its sisters, or not any more.",
        subcommands: [Grant.self, Revoke.self]
    )

    private static func state(of role: String, isOpen: Bool) -> String {
        JSON.object(of: [("role", .string(role)), ("open", .bool(isOpen))]).line
    }

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a role in.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The database role of the OP.") var role: String

        func run() async throws {
            try await options.withStore { try await $0.openSQLDoor(to: role) }
            guard !options.json else { return print(SQLDoorCommand.state(of: role, isOpen: true)) }
            print("\(role) may call lastcall.enqueue_logout, record_participation and end_participation")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut a role out.")
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The database role of the OP.") var role: String

        func run() async throws {
            try await options.withStore { try await $0.closeSQLDoor(to: role) }
            guard !options.json else { return print(SQLDoorCommand.state(of: role, isOpen: false)) }
            print("\(role) is shut out")
        }
    }
}
