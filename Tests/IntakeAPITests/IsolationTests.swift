import Foundation
import LastcallTestKit
import Testing

/// `LASTCALL_ISOLATION_PAIRS` says how many pairs of calls there are, `LASTCALL_ISOLATION_SEED` which; `scripts/harden isolation`
/// sets the first and looks at times too.
@Suite("Isolation of issuers", .lastcallDatabase, .timeLimit(.minutes(60)))
struct IsolationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let pairs = environment["LASTCALL_ISOLATION_PAIRS"].flatMap { Int($0) } ?? 400
    private static let seed =
        environment["LASTCALL_ISOLATION_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    private static let isTimed = environment["LASTCALL_ISOLATION_TIMES"] != nil

    @Test("whatever is another issuer's is answered, and costs, like what nobody has")
    func foreignIsUnknown() async throws {
        print("LASTCALL_ISOLATION_SEED=\(Self.seed)")
        let world = try await IsolationWorld()
        let holdings = try world.holdings()
        #expect(holdings.count >= 14 && holdings.joined().contains(IsolationWorld.marker))
        var draws = Draws(seed: Self.seed)
        var statuses: [Int: Int] = [:]
        var times: [Bool: IsolationTimes] = [false: IsolationTimes(), true: IsolationTimes()]
        for _ in 0..<Self.pairs {
            let nobody = IsolationNames.ofNobody(like: world.foreign, &draws)
            let route = draws.pick(RouteScope.all)
            // What is public is public: an issuer's JWK Set shows that it is there.
            let isOwnPath = draws.chance(60) || route.scopes == nil
            let isForeignFirst = draws.chance(50)
            let start = draws
            var answers: [Bool: (answer: Answer, text: String, call: IsolationCall)] = [:]
            for isForeign in [isForeignFirst, !isForeignFirst] {
                let names = isForeign ? world.foreign : nobody
                draws = start
                let call = IsolationCall(
                    route,
                    issuer: isOwnPath ? IsolationWorld.own : names.issuer,
                    names,
                    &draws
                )
                let begin = ContinuousClock.now
                let answer = await world.api.call(
                    call.line,
                    key: world.key,
                    json: call.body,
                    headers: call.headers
                )
                times[isOwnPath]?.add(isForeign, begin.duration(to: .now))
                // A list may hold what both of earlier pairs have made.
                let text = world.foreign.erased(from: nobody.erased(from: answer.text))
                answers[isForeign] = (answer, text, call)
            }
            let (foreign, unknown) = (try #require(answers[true]), try #require(answers[false]))
            statuses[foreign.answer.status, default: 0] += 1
            let about: Comment =
                "\(foreign.call.line) \(foreign.call.body ?? ""): \(foreign.answer.text) / \(unknown.answer.text)"
            #expect(foreign.answer.status == unknown.answer.status, about)
            #expect(foreign.text == unknown.text, about)
            #expect(world.foreign.headers(of: foreign.answer) == nobody.headers(of: unknown.answer), about)
            #expect(!foreign.answer.text.contains(IsolationWorld.marker), about)
            guard foreign.answer.status < 500, foreign.text == unknown.text else { return }
        }
        // Otherwise the draws have missed the point.
        for status in [200, 202, 404] { #expect(statuses[status] ?? 0 > 0, "\(statuses)") }
        #expect(try world.holdings() == holdings, "nothing of the other issuer has changed")
        guard Self.isTimed else { return }
        print("answers by status: \(statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })")
        for (isOwnPath, times) in times {
            times.judge(isOwnPath ? "own path, foreign names" : "foreign path")
        }
    }
}

/// How long calls took, pair by pair.
struct IsolationTimes {
    private var foreign: [Double] = []
    private var unknown: [Double] = []

    mutating func add(_ isForeign: Bool, _ time: Duration) {
        let milliseconds = Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1e3
        if isForeign { foreign.append(milliseconds) } else { unknown.append(milliseconds) }
    }

    /// The medians differ by at most 5 %, and so does the median of the pairs' differences; a few microseconds are the clock's.
    func judge(_ name: String) {
        let differences = zip(foreign, unknown).map { $0 - $1 }
        let (one, other, apart) = (Self.median(foreign), Self.median(unknown), Self.median(differences))
        let figures = [one, other, apart].map { String(format: "%.4f ms", $0) }
        print(
            "\(name): \(foreign.count) pairs, median foreign \(figures[0]), unknown \(figures[1]), of differences \(figures[2])"
        )
        let allowed = max(0.05 * other, 0.01)
        #expect(abs(one - other) <= allowed, "\(name)")
        #expect(abs(apart) <= allowed, "\(name)")
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}

extension IsolationNames {
    /// The header fields of an answer, without what differs from call to call.
    fileprivate func headers(of answer: Answer) -> [String] {
        // Where a stream begins is sealed for one issuer: as long for each, and nothing that can be compared.
        answer.headers.map { name, value in
            name == "Last-Event-ID" ? "\(name): \(value.count)" : "\(name): \(erased(from: value))"
        }
    }
}
