import Outbox
import PostgresClient
public import Testing

extension ScratchTemplate {
    /// A database with Lastcall's schema.
    public static let lastcall = ScratchTemplate(name: "lastcall_template") { configuration in
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
    }
}

extension Trait where Self == ScratchDatabaseTrait {
    /// Gives each test a database of its own with Lastcall's schema: ``ScratchDatabase/current``.
    public static var lastcallDatabase: Self { ScratchDatabaseTrait(template: .lastcall) }
}
