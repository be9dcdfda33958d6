import Foundation
import LastcallTestKit
import Testing

@Suite("The file set of the container image", .timeLimit(.minutes(30)))
struct ImageTests {
    @Test("as the Kubernetes manifests run it, read-only and without privileges, it delivers a logout")
    func delivers() async throws {
        let fleet = try await InstalledFleet()
        let root = try await fleet.package("rootfs")
        let authority = try CertificateAuthority(commonName: "authority of the API")
        let issued = try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"])
        let places = [
            try fleet.files("config", ["lastcall.toml": PodManifest.settings()]) + ":/etc/lastcall",
            try fleet.files("secrets", fleet.secrets(socketFolder: "/run/postgresql"))
                + ":/run/secrets/lastcall",
            try fleet.files("tls", ["tls.crt": issued.certificatePEM, "tls.key": issued.privateKeyPEM])
                + ":/run/secrets/lastcall-tls",
            try fleet.files("test", ["ca.pem": InstalledFleet.authorities()]) + ":/run/test",
            fleet.socket + ":/run/postgresql/.s.PGSQL.5432",
        ]
        let enter = [InstalledFleet.source + "/scripts/support/enter-image", root] + places + ["--"]
        func start(_ name: String) throws -> LastcallProcess {
            let manifest = try PodManifest(name)
            let ofTheTest = [
                "LASTCALL_LISTEN": "127.0.0.1:0", "LASTCALL_ADMIN_LISTEN": "127.0.0.1:0",
                "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true", "LASTCALL_CA_FILE": "/run/test/ca.pem",
            ]
            return try LastcallProcess(
                ["/usr/bin/lastcall"] + manifest.arguments,
                environment: manifest.environment.merging(name == "migrate" ? [:] : ofTheTest) { $1 },
                program: enter
            )
        }
        let migration = try start("migrate")
        #expect(await migration.end() == .exit(0), "\(migration.errors)")
        let (api, worker) = (try start("serve"), try start("work"))
        let port = try await fleet.port(of: "api", api)
        let admin = try await fleet.port(of: "admin", worker)
        try await fleet.deliversOneLogout(port: port, tls: try TLSClient(trusting: authority))
        #expect(try await LoopbackCall.send("GET", "/readyz", port: admin).status == 200)
        let metrics = try await LoopbackCall.send("GET", "/metrics", port: admin)
        // What deploy/kubernetes/autoscaling.yaml scales by.
        #expect(metrics.status == 200 && metrics.body.contains("\nlastcall_oldest_due_age_seconds "))
        let health = try await LastcallProcess.run(
            try PodManifest.healthCheck(),
            environment: ["LASTCALL_ADMIN_LISTEN": "0.0.0.0:\(admin)"],
            program: enter
        )
        #expect(health.end == .exit(0), "\(health.errors)")
        for process in [api, worker] {
            let facts = try ProcessFacts(process)
            #expect(facts.users == Array(repeating: "65532", count: 4))
            #expect(facts.isPowerless && facts.isReadOnly(at: "/") && facts.isReadOnly(at: "/run"))
            #expect(facts.isSelfContained)
            #expect(await process.stop() == .exit(0), "\(process.errors)")
        }
    }
}
