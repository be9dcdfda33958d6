import APIClient
import ArgumentParser
import EmbeddedPostgres
import Foundation
import HTTPListener
import PostgresClient
import Settings
import StrictJSON

/// A command's end: one clear line, and an exit code that scripts can tell apart.
struct Failure: Error {
    var line: String
    let code: ExitCode
    /// What the API said, where it was the API that refused.
    var problem: JSON?
    /// How many seconds to wait before another call, where the API said so.
    var retryAfter: Int?

    /// The call was refused.
    static let refused = ExitCode(1)
    /// The command was given what it does not take (`EX_USAGE`).
    static let usage = ExitCode(64)
    /// The database is away, or the API (`EX_UNAVAILABLE`).
    static let unavailable = ExitCode(69)
    /// The settings are wrong (`EX_CONFIG`).
    static let misconfigured = ExitCode(78)

    init(_ line: String, code: ExitCode = refused) {
        self.line = line
        self.code = code
    }

    /// What the API refused, and how.
    init(status: Int, problem: JSON) {
        let code = problem["code"]?.text ?? "\(status)"
        let place = problem["pointer"]?.text.map { " (\($0))" } ?? ""
        line = "\(code): \(problem["detail"]?.text ?? "the API answers \(status)")\(place)"
        self.code = status == 503 ? Self.unavailable : Self.refused
        self.problem = problem["code"] == nil ? nil : problem
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as SettingsError: self.init("\(error)", code: Self.misconfigured)
        case let error as TLSProblem: self.init("tls: \(error)", code: Self.misconfigured)
        case let error as EmbeddedPostgresError: self.init("\(error)", code: Self.unavailable)
        case let error as PostgresError: self.init("database: \(error)", code: Self.unavailable)
        case APIFailure.url(let url): self.init("\(url) is no URL of an API", code: Self.misconfigured)
        case APIFailure.field: self.init("\(error)")
        case let error as APIFailure: self.init("api: \(error)", code: Self.unavailable)
        default: self.init("\(error)")
        }
    }

    /// Whether the same call may be answered otherwise a little later: the API is overloaded, or its database away.
    var isPassing: Bool { ["unavailable", "rate_limited"].contains(problem?["code"]?.text) }

    /// The same, with what people are told before it.
    func preceded(by text: String) -> Failure {
        var failure = self
        failure.line = "\(text): \(line)"
        return failure
    }

    /// For programs: the API's problem object, or one that is made like it.
    private var json: JSON {
        if let problem { return problem }
        let (code, title) =
            switch self.code {
            case Self.usage: ("usage", "Wrong usage")
            case Self.unavailable: ("unavailable", "Unavailable")
            case Self.misconfigured: ("misconfigured", "Wrong settings")
            default: ("failed", "Failed")
            }
        return .object(of: [
            ("type", .string("urn:lastcall:problem:\(code)")), ("title", .string(title)),
            ("detail", .string(line)), ("code", .string(code)),
        ])
    }

    /// Says it on standard error.
    func tell(json: Bool) {
        let text = json ? self.json.line : "lastcall: \(line.harmless)"
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}

/// Runs a command's body; an error becomes one line on standard error and an exit code.
///
/// `json`: the line is an object.
func finishing(json: Bool = false, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let code as ExitCode {
        throw code
    } catch {
        let failure = Failure(error)
        failure.tell(json: json)
        throw failure.code
    }
}
