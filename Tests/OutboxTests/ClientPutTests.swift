import AuditTrail
import LastcallTestKit
import LogoutModel
import Outbox
import Synchronization
import Testing

@Suite("Registering a client", .lastcallDatabase)
struct ClientPutTests {
    private final class Replaced: Sendable {
        let uris = Mutex<[String?]>([])
    }

    @Test("registrations of one client at once follow each other, and none replaces what is gone")
    func turns() async throws {
        let bench = try await Workbench(connections: 8)
        let (store, issuer) = (bench.store, bench.issuer)
        let replaced = Replaced()
        let count = 40
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...count {
                group.addTask {
                    let metadata = Client.Metadata(
                        backchannelLogoutURI: "https://rp.example/\(number)",
                        backchannelLogoutSessionRequired: false,
                        signedResponseAlg: "RS256",
                        other: "{}",
                        delivery: "{}"
                    )
                    _ = try await store.putClient("rp", of: issuer, metadata) { before in
                        replaced.uris.withLock { $0.append(before?.backchannelLogoutURI) }
                        return AuditNote(.clientRegistered, clientID: "rp", actor: "test")
                    }
                }
            }
            try await group.waitForAll()
        }
        let uris = replaced.uris.withLock { $0 }
        #expect(uris.count == count)
        #expect(Set(uris).count == count, "none is replaced twice")
    }
}
