import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Testing

@Suite("Receivers of Shared Signals beside signers and RPs", .lastcallDatabase, .serialized)
struct SharedSignalsNeighbourTests {
    @Test("a key that the OP's own signer holds signs statements too, and each attempt asks for the same one")
    func remoteSigner() async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try SigningKey(PrivateKey.generate(for: .es256), kid: "remote")
            let signer = try ScriptedSigner(["main": key])
            let receiver = try Bench.relyingParty(standing: .status(202))
            receiver.script(.status(500))
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addReceiver(url: receiver.uri(), authorization: SharedSignalsTests.credential)
            try await bench.withWorker(remoteSigner: try signer.client()) { _ in
                let end = try await bench.end(of: bench.logout("receiver"))
                #expect(end.event.delivered == 1)
            }
            let said = try await bench.statements(
                receiver.received,
                authorization: SharedSignalsTests.credential
            )
            #expect(said.count == 2 && Set(said).count == 1)
        }
    }

    @Test("a receiver that hangs delays no RP")
    func hangs() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let gate = Gate()
            let receiver = try Bench.relyingParty(standing: .gate(gate, then: .status(202)))
            try await bench.addClient(uri: rp.uri())
            try await bench.addReceiver(url: receiver.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            let stuck = try await bench.logout("receiver", sessions: 20)
            try await bench.withWorker { settings, _ in
                settings.slots = 8
            } _: { _ in
                _ = try await receiver.next()
                #expect(try await bench.end(of: bench.logout(sessions: 30)).event.delivered == 30)
                #expect(try await bench.event(stuck).endedAt == nil)
                #expect(receiver.received.count <= LaneSchedule.firstWindow)
                gate.open()
                #expect(try await bench.end(of: stuck).event.delivered == 20)
            }
        }
    }
}
