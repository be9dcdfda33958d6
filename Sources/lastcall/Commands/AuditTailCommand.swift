import ArgumentParser
import Foundation
import IntakeAPI
import Outbox
import StrictJSON

extension AuditCommand {
    /// `lastcall audit tail`: what happens now.
    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show audit events as they come, until interrupted."
        )
        @OptionGroup var options: OperatorOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The issuer's name; without one, the installation's own trail.") var issuer: String?
        @Option(help: "Begin behind the event of this id instead of now.") var afterID: String?

        func run() async throws {
            try await options.withRuntime { runtime in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await runtime.api.auditFeed.run() }
                    let api = Operator(api: runtime.api, printsJSON: options.json)
                    let headers = afterID.map { [(name: "last-event-id", value: $0)] } ?? []
                    let stream = try await api.stream(
                        AuditCommand.path(of: issuer) + ["stream"],
                        query: filter.query,
                        headers: headers
                    )
                    for try await chunk in stream { show(chunk, api) }
                    group.cancelAll()
                }
            }
        }

        /// A chunk is of whole events, each with its object on one line.
        private func show(_ chunk: [UInt8], _ api: Operator) {
            for line in chunk.split(separator: UInt8(ascii: "\n")) where line.starts(with: "data: ".utf8) {
                let object = Array(line.dropFirst(6))
                guard !options.json,
                    let event = try? JSON.parse(object, maximumBytes: .max, maximumValues: .max)
                else {
                    print(String(decoding: object, as: UTF8.self))
                    continue
                }
                print(api.row(event, columns: AuditCommand.columns))
            }
            fflush(nil)
        }
    }
}
