import ArgumentParser
import EmbeddedPostgres
import Foundation
import HTTPListener
import PostgresClient
import Settings

/// A command's end: one clear line, and an exit code that scripts can tell apart.
struct Failure: Error {
    let line: String
    let code: ExitCode

    /// The call was refused.
    static let refused = ExitCode(1)
    /// The database is away (`EX_UNAVAILABLE`).
    static let unavailable = ExitCode(69)
    /// The settings are wrong (`EX_CONFIG`).
    static let misconfigured = ExitCode(78)

    init(_ line: String, code: ExitCode = refused) {
        self.line = line
        self.code = code
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as SettingsError: self.init("\(error)", code: Self.misconfigured)
        case let error as TLSProblem: self.init("tls: \(error)", code: Self.misconfigured)
        case let error as EmbeddedPostgresError: self.init("\(error)", code: Self.unavailable)
        case let error as PostgresError: self.init("database: \(error)", code: Self.unavailable)
        default: self.init("\(error)")
        }
    }
}

/// Runs a command's body; an error becomes one line on standard error and an exit code.
func finishing(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let code as ExitCode {
        throw code
    } catch {
        let failure = Failure(error)
        FileHandle.standardError.write(Data("lastcall: \(failure.line)\n".utf8))
        throw failure.code
    }
}
