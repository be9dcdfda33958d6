import ArgumentParser
import Foundation
import Glibc
import StrictJSON
import UnixSignals

/// Prints what is followed, line by line, each whole and at once.
actor TrailPrinter {
    /// There is nothing more to print, or nowhere to print it.
    struct Ended: Error {
        /// Why; `nil` where that is as it should be.
        var failure: Failure?
    }

    private let writer: LineWriter
    private let printsJSON: Bool
    private let namesIssuer: Bool
    private var left: Int?

    /// `limit`: how many events are printed.
    init(printsJSON: Bool, namesIssuer: Bool, limit: Int?) throws {
        writer = try LineWriter(to: STDOUT_FILENO)
        self.printsJSON = printsJSON
        self.namesIssuer = namesIssuer
        left = limit
    }

    /// Prints an event of a trail.
    ///
    /// - Throws: ``Ended`` where it was the last, nobody reads, or nothing can be written.
    func show(_ event: [UInt8], of trail: Trail) async throws {
        guard left != 0 else {
            // Behind the last line: whoever is told of the end may end it.
            try await writer.write([])
            throw Ended()
        }
        // Before the line is written: others come here meanwhile.
        left = left.map { $0 - 1 }
        let isLast = left == 0
        try await writer.write(line(event, trail))
        if isLast { throw Ended() }
    }

    private func line(_ event: [UInt8], _ trail: Trail) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        if printsJSON {
            guard namesIssuer else { return event + [newline] }
            let issuer = trail.issuer.map(JSON.string) ?? .null
            return Array("{\"issuer\":\(issuer.line),".utf8) + event.dropFirst() + [newline]
        }
        guard let json = try? JSON.parse(event, maximumBytes: .max, maximumValues: .max) else { return [] }
        return Array(Self.text(json, namesIssuer ? trail.issuer ?? "-" : nil).utf8) + [newline]
    }

    /// For people: when, how grave, whose, what, and what there is to say about it.
    private static func text(_ event: JSON, _ issuer: String?) -> String {
        func text(_ name: String) -> String { event[name]?.shown ?? "" }
        let severity = text("severity")
        var columns = [
            text("created_at").padding(to: 27),
            Screen.output.colored(severity, of: "severity")
                + String(repeating: " ", count: max(0, 7 - severity.count)),
        ]
        if let issuer { columns.append(issuer.padding(to: 10)) }
        columns.append(text("type").padding(to: 30))
        columns.append(text("client_id"))
        for (name, member) in [("delivery", "delivery_id"), ("event", "logout_event_id")]
        where !text(member).isEmpty {
            columns.append("\(name)=\(text(member))")
            break
        }
        if !["", "system"].contains(text("actor")) { columns.append("by=\(text("actor"))") }
        columns.append(text("data"))
        return columns.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// Runs something that prints until it ends, a signal comes, or nobody reads any more.
    ///
    /// `feed`: runs beside it.
    nonisolated func untilEnded(
        beside feed: @escaping @Sendable () async throws -> Void,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        // A write to a closed pipe is to fail instead.
        _ = Glibc.signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await feed()
                return false
            }
            group.addTask {
                for await _ in signals { return true }
                return false
            }
            group.addTask {
                while !Self.isUnread { try await Task.sleep(for: .seconds(1)) }
                return true
            }
            group.addTask {
                do { try await body() } catch let end as Ended {
                    if let failure = end.failure { throw failure }
                }
                return true
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    /// Whether the other end of the pipe is closed.
    private static var isUnread: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return unsafe poll(&output, 1, 0) > 0 && output.revents & Int16(POLLERR) != 0
    }
}
