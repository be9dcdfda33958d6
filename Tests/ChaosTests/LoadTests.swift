import LastcallTestKit
import StrictJSON
import Synchronization
import Testing

@testable import Chaos

@Suite("Load")
struct LoadTests {
    /// Answers as scripted, whatever is asked.
    private func load(_ server: ScriptedRelyingParty, rate: Int = 200) -> Load {
        let setup = WorldSetup {
            $0.parties = 8
            $0.ratePerSecond = rate
        }
        return Load(setup, key: "key", random: SeededRandom(seed: 1)) { [server.port] }
    }

    private func accept(_ request: ReceivedRequest) -> ScriptedStep {
        let key = request.values(of: "Idempotency-Key").first ?? ""
        let isFlawed = String(decoding: request.body, as: UTF8.self).contains("no_such_member")
        return isFlawed ? .status(400, body: "{}") : .status(202, body: #"{"id": "event of \#(key)"}"#)
    }

    @Test("calls that are not answered, or with a 5xx, are sent again with their key until they are")
    func repeats() async throws {
        let authority = try TestAuthority.shared().authority
        let server = try ScriptedRelyingParty(authority: authority, transport: .plain)
        let count = Mutex(0)
        server.always(
            .decide { [self] request in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number % 3 == 0 ? .closeAfterReading : number % 3 == 1 ? .status(503) : accept(request)
            }
        )
        let load = load(server)
        try load.start()
        try await eventually("a hundred calls") { load.calls.count > 100 }
        await load.stop()
        #expect(load.openCount == 0)
        let wrong = load.calls.filter { call in
            let expected: LogoutCall.Outcome =
                call.isFlawed ? .refused(status: 400) : .accepted(event: "event of \(call.key)")
            return call.outcome != expected || !call.otherEvents.isEmpty
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(1))")
        #expect(load.calls.contains { $0.tries > 2 })
        #expect(load.calls.contains { $0.isFlawed })
        let sids = load.calls.flatMap { $0.targets.map(\.sid) }
        #expect(Set(sids).count == sids.count)
        #expect(load.calls.allSatisfy { $0.targets.allSatisfy { $0.party < 6 } })
    }

    @Test("another event under the same key is written down")
    func differs() async throws {
        let authority = try TestAuthority.shared().authority
        let server = try ScriptedRelyingParty(authority: authority, transport: .plain)
        let count = Mutex(0)
        server.always(
            .decide { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return .status(202, body: #"{"id": "event \#(number)"}"#)
            }
        )
        let load = load(server)
        try load.start()
        try await eventually("a hundred calls") { load.calls.count > 100 }
        await load.stop()
        #expect(load.calls.contains { !$0.otherEvents.isEmpty })
    }

    @Test("a call is one JSON object that names each target")
    func body() throws {
        let call = ForgedEvidence.call(4, parties: [1, 2])
        guard case .object(let object) = try JSON.parse(Array(call.body.utf8)),
            case .array(let targets)? = object["targets"]
        else {
            Issue.record("\(call.body)")
            return
        }
        #expect(targets.count == 2)
        #expect(object["no_such_member"] == nil)
        #expect(ForgedEvidence.flawed(5).body.contains("no_such_member"))
    }
}
