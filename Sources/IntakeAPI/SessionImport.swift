import LogoutModel
import Outbox
import PostgresClient
import StrictJSON

/// One import while it runs: lines in, batches to the registry, a report of what became of them.
struct SessionImport {
    /// The largest body, in bytes.
    static let maximumBytes = 64 << 20
    /// The longest line, in bytes: every member at its longest, each character escaped, is shorter.
    static let maximumLineBytes = 8 << 10
    /// More failures than this are only counted.
    static let maximumErrors = 1_000

    /// Why a line was not imported.
    struct LineError: Sendable {
        let line: Int
        let code: String
        let detail: String
    }

    /// What the import has come to.
    struct Report: Sendable {
        var imported = 0
        var failed = 0
        var errors: [LineError] = []
    }

    let issuer: Int32
    let registry: SessionRegistry

    private var reader = LineReader(maximumBytes: maximumLineBytes)
    private var line = 0
    private var blankLine: Int?
    private var lines: [Int] = []
    private var batch: [Participation] = []
    private(set) var report = Report()

    init(issuer: Int32, registry: SessionRegistry) {
        self.issuer = issuer
        self.registry = registry
    }

    /// Takes the next piece of the body; returns when it is dealt with, but for the lines of a batch that is not full.
    ///
    /// - Throws: what ends the import as a whole; every batch before it is kept.
    mutating func take(_ chunk: [UInt8]) async throws {
        for line in reader.lines(endingIn: chunk) { try await take(line) }
    }

    /// Deals with what is left.
    mutating func finish() async throws -> Report {
        if let last = reader.last() { try await take(last) }
        try await commit()
        return report
    }

    private mutating func take(_ next: LineReader.Line) async throws {
        line += 1
        if let blank = blankLine { fail(blank, "invalid_request", "The line is empty.") }
        blankLine = nil
        switch next {
        case .whole([]): blankLine = line  // No error if it is the last.
        case .tooLong:
            fail(line, "too_large", "The line is longer than \(Self.maximumLineBytes) bytes.")
        case .whole(let bytes):
            do {
                let json = try JSON.parse(bytes, maximumBytes: Self.maximumLineBytes)
                batch.append(try Participation(readingLine: ObjectReader(json), issuer: issuer))
                lines.append(line)
            } catch let error as JSONError {
                let place = error.pointer.map { $0.isEmpty ? "" : "\($0): " } ?? ""
                fail(line, "invalid_request", place + error.detail)
            }
        }
        if batch.count >= SessionRegistry.importBatch { try await commit() }
    }

    private mutating func commit() async throws {
        guard !batch.isEmpty else { return }
        for (line, answer) in zip(lines, try await registry.import(batch)) {
            switch answer {
            case .success(.created), .success(.changed): report.imported += 1
            case .success(.noClient): add(line, "not_found", "/client_id: There is no such client.")
            case .success(.expired): add(line, "invalid_request", "/expires_at: The time is past.")
            case .failure(let error):
                // A row that somebody else holds is its line's misfortune; a database that is away is everybody's.
                guard let problem = Problem(error), problem.status != 503 || Self.isLock(error) else {
                    throw error
                }
                add(line, problem.code, problem.detail)
            }
        }
        report.errors.sort { $0.line < $1.line }
        report.errors.removeLast(max(0, report.errors.count - Self.maximumErrors))
        batch.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
    }

    /// A line that cannot be read: those come in order, so the first of them are enough.
    private mutating func fail(_ line: Int, _ code: String, _ detail: String) {
        guard report.errors.count < Self.maximumErrors else { return report.failed += 1 }
        add(line, code, detail)
    }

    /// A line that cannot be recorded may come before some that cannot be read: who is first is seen once all are there.
    private mutating func add(_ line: Int, _ code: String, _ detail: String) {
        report.failed += 1
        report.errors.append(LineError(line: line, code: code, detail: detail))
    }

    private static func isLock(_ error: any Error) -> Bool {
        guard case PostgresError.server(let sqlState, _, _, _) = error else { return false }
        return sqlState == "55P03"
    }
}
