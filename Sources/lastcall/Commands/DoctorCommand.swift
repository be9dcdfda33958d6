import ArgumentParser
import IntakeAPI
import Outbox
import Settings
import StrictJSON

/// `lastcall doctor`: what is wrong with the database, and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong with the database, with the figure behind it and what to do.",
        discussion: """
            Only reads, and needs no more rights than Lastcall has. Held against the settings of this process: give it \
            those of the workers. Exit code 1 where anything is an error. docs/doctor.md explains each line.
            """
    )
    @OptionGroup var options: OperatorOptions
    @Flag(help: "Only what is not as it should be.") var problems = false

    func run() async throws {
        try await options.withRuntime { runtime in
            let doctor = Doctor(store: runtime.store, settings: runtime.settings.doctor) { .now }
            let findings = try await doctor.examine()
            for finding in findings where !problems || finding.severity > .ok {
                print(options.json ? finding.json : finding.line)
            }
            if findings.contains(where: { $0.severity == .error }) { throw Failure.refused }
        }
    }
}

extension LastcallSettings {
    /// What the doctor holds against the database.
    var doctor: Doctor.Settings {
        Doctor.Settings(
            lease: lease,
            leaseMargin: Self.leaseMargin,
            statementTimeout: databaseStatementTimeout,
            clockSkewLimit: clockSkewLimit,
            partitionDaysAhead: partitionDaysAhead
        )
    }
}

extension DoctorFinding {
    /// For people.
    fileprivate var line: String {
        let severity = severity.rawValue.padding(to: 7)
        let place =
            Screen.output.colored(self.severity.rawValue, of: "severity")
            + severity.dropFirst(self.severity.rawValue.count)
        return "\(place)  \(check.rawValue.padding(to: 21))  \(figure)" + (remedy.map { " | \($0)" } ?? "")
    }

    /// For programs.
    fileprivate var json: String {
        let object = JSON.object(of: [
            ("check", .string(check.rawValue)), ("severity", .string(severity.rawValue)),
            ("figure", .string(figure)), ("remedy", remedy.map(JSON.string) ?? .null),
        ])
        return String(decoding: object.serialized(), as: UTF8.self)
    }
}
