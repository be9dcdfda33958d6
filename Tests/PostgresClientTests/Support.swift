import Dispatch
import LastcallTestKit
import PostgresClient
import Testing

/// A connection to this test's database.
func connect(
    preparedStatements: Bool = true,
    onNotice: (@Sendable (PostgresNotice) -> Void)? = nil
) throws -> PostgresConnection {
    var configuration = try ScratchDatabase.current.configuration
    configuration.preparedStatements = preparedStatements
    return try PostgresConnection.connect(configuration, onNotice: onNotice)
}

/// A statement named by its text.
func sql(_ text: String, _ access: PostgresStatement.Access = .readWrite) -> PostgresStatement {
    PostgresStatement(name: text, text: text, access: access)
}

extension PostgresError {
    /// Just the code of a server's refusal, for tests that do not care for its words.
    var sqlState: SQLState? {
        if case .server(let sqlState, _, _, _) = self { sqlState } else { nil }
    }
}

/// Asks the server until it says yes; a test that waits for an event in vain fails instead of hanging.
func eventually(
    _ connection: PostgresConnection,
    _ question: String,
    _ parameters: PostgresValue...
) throws {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if try connection.query(sql(question, .readOnly), parameters: parameters).first?.bool(0) == true {
            return
        }
    }
    Issue.record("waited in vain for: \(question)")
}

/// Holds jobs of a pool until the test lets them go.
struct Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// Called by a job on its pool's thread: says that it is there and waits.
    func pass() {
        entered.signal()
        _ = opened.wait(timeout: .now() + 30)
    }

    /// Waits until a job is held.
    func awaitJob() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                if entered.wait(timeout: .now() + 30) == .timedOut { Issue.record("no job came") }
                continuation.resume()
            }
        }
    }

    /// Lets one job go.
    func open() { opened.signal() }
}

/// Waits for something that a pool reports about itself.
func eventually(_ what: String, _ condition: () -> Bool) async {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if condition() { return }
        await Task.yield()
    }
    Issue.record("waited in vain for: \(what)")
}

extension PostgresError {
    /// Whether the fate of a commit is not known, for tests that do not care for libpq's words.
    var isOutcomeUnknown: Bool { if case .outcomeUnknown = self { true } else { false } }

    /// Whether no connection could be had, likewise.
    var isConnection: Bool { if case .connection = self { true } else { false } }
}

extension PostgresPool {
    /// Open, busy and queued, to compare at one go.
    var numbers: [Int] {
        let statistics = statistics
        return [statistics.open, statistics.busy, statistics.queued]
    }
}
