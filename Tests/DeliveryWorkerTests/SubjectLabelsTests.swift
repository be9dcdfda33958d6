import DeliveryWorker
import LastcallTestKit
import Logging
import LogoutModel
import LogoutTokens
import Outbox
import Testing

@Suite("Subjects in logs", .lastcallDatabase)
struct SubjectLabelsTests {
    private static let secret = Array(UInt8(0)..<32)

    @Test(
        "a hashed label depends on the member, the issuer and the value",
        arguments: [
            // Computed with Python's hmac.
            (SubjectLabels.Member.sub, "https://op.example.com", "349d8e01adb30c14"),
            (.sid, "https://op.example.com", "64a70fa8c5b87bff"),
            (.sub, "https://other.example.com", "6eac05f8da6ae77f"),
        ]
    )
    func hashed(member: SubjectLabels.Member, issuer: String, label: String) {
        let labels = SubjectLabels.hashed(installationSecret: Self.secret)
        #expect(labels.label(member, "alice", of: issuer) == label)
        let others = SubjectLabels.hashed(installationSecret: Self.secret.reversed())
        #expect(others.label(member, "alice", of: issuer) != label)
    }

    @Test("the other forms say the value, or nothing")
    func others() {
        #expect(SubjectLabels.plain.label(.sub, "alice", of: "https://op.example.com") == "alice")
        #expect(SubjectLabels.none.label(.sub, "alice", of: "https://op.example.com") == nil)
    }

    @Test("lines about a delivery name its subject as told", arguments: SubjectLabels.Form.allCases)
    func lines(form: SubjectLabels.Form) async throws {
        let rp = try Bench.relyingParty()
        rp.script(.status(503))
        try await Bench.run { bench in
            var bench = bench
            let log = LogCapture(.debug)
            bench.logger = log.logger
            try await bench.addClient(uri: rp.uri("/logout"))
            try await bench.addClient("keyless", uri: rp.uri("/logout"), alg: .ps512)
            let sub = "sub-of-alice-4e1b"
            let sid = "sid-of-alice-9c07"
            let targets = ["rp", "keyless"].map { LogoutTarget(clientID: $0, sub: sub, sid: sid) }
            try await bench.withWorker { settings, _ in
                settings.logSubjects = form
            } _: { _ in
                let event = try await bench.logout(targets)
                try await eventually("a line about each") {
                    log.lines("delivery settled").count { $0["client_id"] == "rp" } == 2
                        && !log.lines("no token could be signed").isEmpty
                }
                let settled = log.lines("delivery settled").filter { $0["client_id"] == "rp" }
                #expect(settled.map { $0["outcome"] } == ["server_error", "delivered"])
                #expect(settled.map { $0["status"] } == ["retrying", "delivered"])
                #expect(settled.map { $0["attempt"] } == ["1", "2"])
                #expect(settled.allSatisfy { $0["delivery_id"] == event.event.id.delivery(1).text })
                let labels: SubjectLabels =
                    switch form {
                    case .hashed: .hashed(installationSecret: try await bench.store.cursorSecret())
                    case .plain: .plain
                    case .none: .none
                    }
                for line in settled + log.lines("no token could be signed") {
                    #expect(line["sub"] == labels.label(.sub, sub, of: Bench.iss))
                    #expect(line["sid"] == labels.label(.sid, sid, of: Bench.iss))
                }
            }
            for value in [sub, sid] { #expect(log.text.contains(value) == (form == .plain)) }
        }
    }

    @Test("above debug nothing is logged of what goes well")
    func quiet() async throws {
        let rp = try Bench.relyingParty()
        try await Bench.run { bench in
            var bench = bench
            let log = LogCapture(.info)
            bench.logger = log.logger
            try await bench.addClient(uri: rp.uri("/logout"))
            try await bench.withWorker { _ in _ = try await bench.end(of: try await bench.logout()) }
            #expect(log.lines("delivery settled").isEmpty)
        }
    }
}
