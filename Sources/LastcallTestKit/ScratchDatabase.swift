public import PostgresClient
import Synchronization
public import Testing

/// The database of the test that is running: its own, real, and dropped when the test ends.
///
/// A suite or test asks for one with a trait: `@Suite(.emptyDatabase)`, or one with a template of its own.
public struct ScratchDatabase: Sendable {
    @TaskLocal static var bound: ScratchDatabase?

    /// The cluster the database is in.
    public let cluster: ScratchCluster
    /// The database's name.
    public let name: String

    /// The database of this test.
    ///
    /// - Throws: ``TestKitError`` in a test without the trait.
    public static var current: ScratchDatabase {
        get throws {
            guard let bound else { throw TestKitError("this test has no database; give it a trait") }
            return bound
        }
    }

    /// How to reach the database; a libpq conninfo string.
    public var connectionString: String { cluster.connectionString(database: name) }

    /// How to reach the database, with the client's usual settings.
    public var configuration: PostgresConfiguration {
        get throws { try PostgresConfiguration(connectionString: connectionString, applicationName: "test") }
    }
}

/// A database that is prepared once in a test process and copied for each test.
public struct ScratchTemplate: Sendable {
    private static let prepared = Mutex<[String: Task<String, any Error>]>([:])

    /// Tells templates apart.
    public let name: String
    private let prepare: (@Sendable (PostgresConfiguration) async throws -> Void)?

    /// Describes a template; nothing is done before the first test needs it.
    ///
    /// - Parameters:
    ///   - name: tells templates apart.
    ///   - prepare: gets an empty database to fill, and leaves no connection to it open.
    public init(name: String, prepare: @escaping @Sendable (PostgresConfiguration) async throws -> Void) {
        self.name = name
        self.prepare = prepare
    }

    private init() {
        self.name = "empty"
        self.prepare = nil
    }

    /// A database with nothing in it.
    public static let empty: ScratchTemplate = ScratchTemplate()

    /// Makes a database from this template.
    ///
    /// - Returns: a database that the caller drops.
    /// - Throws: what preparing the template threw, at every call.
    public func copy() async throws -> ScratchDatabase {
        let cluster = try ScratchCluster.shared()
        guard let prepare else {
            return ScratchDatabase(cluster: cluster, name: try await cluster.createDatabase())
        }
        let task = Self.prepared.withLock { prepared in
            if let task = prepared[name] { return task }
            let task = Task {
                let database = ScratchDatabase(cluster: cluster, name: try await cluster.createDatabase())
                try await prepare(try database.configuration)
                return database.name
            }
            prepared[name] = task
            return task
        }
        let copy = try await cluster.createDatabase(template: try await task.value)
        return ScratchDatabase(cluster: cluster, name: copy)
    }
}

/// Gives each test, and each case of a parameterized one, a database of its own.
public struct ScratchDatabaseTrait: SuiteTrait, TestTrait, TestScoping {
    /// A server of tests has 200 connections, and a test takes some five.
    private static let turnstile = Turnstile(24)

    private let template: ScratchTemplate

    /// On a suite the trait holds for every test in it.
    public var isRecursive: Bool { true }

    /// Makes a trait.
    ///
    /// - Parameter template: what the databases are copies of.
    public init(template: ScratchTemplate) { self.template = template }

    /// Runs one test with its database.
    ///
    /// - Parameters:
    ///   - test: the test.
    ///   - testCase: its case.
    ///   - function: the test's body.
    /// - Throws: what the body threw, or what making or dropping the database did.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await Self.turnstile.enter()
        defer { Self.turnstile.leave() }
        let database = try await template.copy()
        do {
            try await ScratchDatabase.$bound.withValue(database) { try await function() }
        } catch {
            try? await database.cluster.dropDatabase(database.name)
            throw error
        }
        try await database.cluster.dropDatabase(database.name)
    }
}

extension Trait where Self == ScratchDatabaseTrait {
    /// Gives each test an empty database.
    public static var emptyDatabase: Self { ScratchDatabaseTrait(template: .empty) }
}
