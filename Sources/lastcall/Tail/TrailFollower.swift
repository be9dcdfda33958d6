import APIClient
import Foundation
import StrictJSON

/// An audit trail.
enum Trail: Sendable, Hashable {
    case issuer(String)
    case installation

    /// Where the API has it.
    var path: [String] {
        switch self {
        case .issuer(let name): AuditCommand.path(of: name)
        case .installation: AuditCommand.path(of: nil)
        }
    }

    /// `nil`: the installation's.
    var issuer: String? {
        if case .issuer(let name) = self { name } else { nil }
    }
}

/// Follows audit trails over every interruption, without a gap and without a repeat.
struct TrailFollower: Sendable {
    /// Takes one event; it is asked for nothing else before it has.
    typealias Show = @Sendable (_ event: [UInt8], _ trail: Trail) async throws -> Void

    /// Between two looks for issuers that are new.
    private static let discovery = Duration.seconds(2)
    private static let longestPause = Duration.seconds(10)

    let api: Operator
    let query: [(String, String?)]
    /// Told what people should know beside the events.
    let notice: @Sendable (String) -> Void

    /// Follows these trails until cancelled.
    ///
    /// `last`: the id of the event behind which to begin, of a single trail; now unless given.
    func follow(_ trails: [Trail], after last: String? = nil, _ show: @escaping Show) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for trail in trails {
                group.addTask { try await follow(trail, after: last, isNamed: true, show) }
            }
            try await group.waitForAll()
        }
    }

    /// Follows the trails of every issuer that the caller may see, and the installation's if the caller may see it.
    func followAll(_ show: @escaping Show) async throws {
        enum Step {
            case over
            case looked([String]?)
        }
        var known: Set<String> = []
        let names = try await issuers()
        try await withThrowingTaskGroup(of: Step.self) { group in
            func add(_ trail: Trail, after last: String? = nil) {
                group.addTask {
                    try await follow(trail, after: last, isNamed: false, show)
                    return .over
                }
            }
            func lookAgain() {
                group.addTask {
                    try await Task.sleep(for: Self.discovery)
                    return .looked(try? await issuers())
                }
            }
            for name in names where known.insert(name).inserted { add(.issuer(name)) }
            add(.installation)
            lookAgain()
            while let step = try await group.next() {
                guard case .looked(let names) = step else { continue }
                // Where there is no answer, the followers say so, and wait.
                if let names { known.formIntersection(names) }
                for name in names ?? [] where !known.contains(name) {
                    guard let first = try await beginning(of: .issuer(name), show) else { continue }
                    known.insert(name)
                    add(.issuer(name), after: first)
                }
                lookAgain()
            }
        }
    }

    private func issuers() async throws -> [String] {
        try await api.list(["v1", "issuers"], limit: .max).compactMap { $0["name"]?.text }
    }

    /// Shows the first event of a trail that is new, which nothing can stand before; `nil`: it has none yet, or nobody says.
    private func beginning(of trail: Trail, _ show: Show) async throws -> String? {
        guard let first = try? await api.list(trail.path, limit: 1).first, let id = first["id"]?.text,
            let wanted = try? await api.list(trail.path, query: query, limit: 1)
        else { return nil }
        if wanted.first?["id"]?.text == id { try await show(first.serialized(), trail) }
        return id
    }

    /// `isNamed`: the caller asked for this very trail, and is told where it cannot be had.
    private func follow(_ trail: Trail, after last: String?, isNamed: Bool, _ show: Show) async throws {
        // A trail that was found later has begun with its first event: it waits like those that were there.
        var hasBegun = !isNamed && last != nil
        var last = last
        var pause = Duration.seconds(1)
        while true {
            do {
                let (chunks, start) = try await api.stream(trail.path + ["stream"], query: query, after: last)
                if hasBegun, pause > .seconds(1) {
                    notice("\(trail.issuer ?? "the installation") is followed again")
                }
                (hasBegun, pause, last) = (true, .seconds(1), last ?? start)
                var events = ServerSentEvents()
                for try await chunk in chunks {
                    for event in events.take(chunk) {
                        try await show(event.data, trail)
                        last = event.id
                    }
                }
            } catch let end as TrailPrinter.Ended {
                throw end
            } catch {
                try Task.checkCancellation()
                let failure = Failure(error)
                switch failure.problem?["code"]?.text {
                case "invalid_request" where hasBegun:
                    notice(
                        "\(trail.issuer ?? "the installation"): what was shown last is gone; going on from now"
                    )
                    last = nil
                case .some(let code) where !failure.isPassing:
                    // Nobody asked for it by its name: the key may not see it, or its issuer was deleted.
                    guard !isNamed, code == "insufficient_scope" || code == "not_found" else { throw failure }
                    return
                default:
                    guard hasBegun else { throw failure }
                    if pause == .seconds(1) { notice("\(failure.line); waiting") }
                    pause = min(pause * 2, Self.longestPause)
                }
            }
            try await Task.sleep(for: pause)
        }
    }
}
