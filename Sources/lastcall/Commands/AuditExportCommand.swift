import ArgumentParser
import AuditTrail
import Foundation
import IntakeAPI
import LogoutModel
import Outbox

extension AuditCommand {
    /// `lastcall audit export`: the trail as a file.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write audit events as JSON lines, in the order in which they are sealed.",
            discussion: """
                Only what has settled is written, so nothing will ever stand between two lines. An export that was \
                cut off goes on with --after-id and the id of its last whole line; so does one that is added to daily.
                """
        )
        /// The most events in one read.
        private static let page = 1_000

        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name; without one, the installation's own trail.") var issuer: String?
        @Option(help: "From this RFC 3339 time on.") var after: Moment?
        @Option(help: "Before this RFC 3339 time.") var before: Moment?
        @Option(help: "Behind the event of this id.") var afterID: EntryID?
        @Option(
            help:
                "The file; it must not be there yet, unless --after-id goes on with it. Standard output unless given."
        )
        var output: String?

        func run() async throws {
            try await options.withRuntime { runtime in
                let store = runtime.store
                let key = try await Self.key(of: issuer, store)
                var position = AuditPosition.beginning
                if let afterID {
                    guard let found = try await store.auditPosition(of: afterID.id, ofIssuer: key) else {
                        throw Failure("not_found: --after-id is not the id of an event of this trail.")
                    }
                    position = found
                }
                let file = try ExportFile(output, isContinued: afterID != nil)
                var progress = ExportProgress(until: before?.time)
                while true {
                    let found = try await store.settledAudit(
                        after: position,
                        of: key,
                        from: after?.time,
                        before: before?.time,
                        restored: true,
                        limit: Self.page
                    )
                    try file.write(found.entries.flatMap { $0.record.jsonLine + [UInt8(ascii: "\n")] })
                    progress.advance(over: found.entries)
                    guard found.isFull else { break }
                    position = found.end
                }
                try file.close()
                progress.finish()
            }
        }

        private static func key(of issuer: String?, _ store: OutboxStore) async throws -> Int32 {
            guard let issuer else { return 0 }
            guard let found = try await store.issuer(named: issuer) else {
                throw Failure("not_found: There is no issuer of this name.")
            }
            return found.key
        }
    }

    /// An RFC 3339 time on the command line.
    struct Moment: ExpressibleByArgument {
        let time: Timestamp

        init?(argument: String) {
            guard let time = Timestamp(text: argument) else { return nil }
            self.time = time
        }
    }

    /// The id of an audit event on the command line.
    struct EntryID: ExpressibleByArgument {
        let id: UUID

        init?(argument: String) {
            guard argument.utf8.count == 36, let id = UUID(uuidString: argument) else { return nil }
            self.id = id
        }
    }
}
