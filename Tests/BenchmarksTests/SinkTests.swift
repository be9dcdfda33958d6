import Benchmarks
import Certificates
import Glibc
import LastcallTestKit
import Testing
import Threads

@Suite("Sink and lean client")
struct SinkTests {
    /// A sink on a thread, and who may speak with it.
    struct Running {
        let handle: SinkHandle
        let authority: String
        private let lines: [Int32]

        init(ports: Int, keptBytes: Int = 1 << 30) async throws {
            let authority = try CertificateAuthority(commonName: "Sink tests")
            let issued = try authority.issue(names: [], addresses: ["127.0.0.1"])
            let plan = SinkPlan(
                ports: ports,
                firstPort: 0,
                certificate: issued.certificatePEM,
                key: issued.privateKeyPEM,
                keptBytes: keptBytes
            )
            var (down, up): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
            #expect(unsafe pipe(&down) == 0 && pipe(&up) == 0)
            let (input, output) = (down[0], up[1])
            try DedicatedThread.start(named: "sink") {
                try? SinkProcess.serve(plan, input: input, output: output)
                close(input)
                close(output)
            }
            self.authority = authority.certificatePEM
            lines = [down[1], up[0]]
            let (reading, writing) = (up[0], down[1])
            handle = try await DedicatedThread.run(named: "sink-handle") {
                try SinkHandle(input: reading, output: writing)
            }
        }

        func stop() { lines.forEach { close($0) } }

        func plan(_ requests: Int, connections: Int, at positions: Range<Int>, body: String? = nil)
            -> LoadPlan
        {
            let ports = Array(handle.ports[positions])
            return LoadPlan(ports: ports, connections: connections, authority: authority, requests: requests)
            {
                number in
                LoadPlan.post(
                    "/bcl",
                    port: ports[0],
                    headers: [],
                    body: Array((body ?? SinkTests.body(number)).utf8)
                )
            }
        }
    }

    /// `{"jti":"t-n","sid":"s-n"}` and its like, as a request's body; its signature is none.
    static func body(_ number: Int, jti: Int? = nil) -> String {
        let payload = #"{"jti":"t-\#(jti ?? number)","sub":"u","sid":"s-\#(number)"}"#
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let bytes = Array(payload.utf8)
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for digit in 0...group.count { text.append(letters[Int(bits >> UInt32(18 - 6 * digit)) & 63]) }
        }
        return "logout_token=e30.\(text).c2ln"
    }

    /// Runs a plan on a thread that may wait.
    private func load(_ plan: LoadPlan) async throws -> LoadResult {
        try await DedicatedThread.run(named: "load") { try LeanClient.run(plan) }
    }

    @Test("each POST is answered and counted, and each token told from the others", arguments: [1, 7])
    func answers(ports: Int) async throws {
        let sink = try await Running(ports: ports)
        defer { sink.stop() }
        let before = Moment.now
        let result = try await load(sink.plan(500, connections: 10, at: 0..<ports))
        #expect(result.statuses == [200: 500])
        #expect(result.latencies.p50 > 0 && result.latencies.p50 <= result.latencies.p99)
        let arrivals = try sink.handle.arrivals(prefix: "s-1")
        #expect(Set(arrivals.map(\.sid)).count == 111)
        #expect(arrivals.allSatisfy { $0.firstByte > before && $0.firstByte < Moment.now })
        let report = try sink.handle.report(samples: 5)
        #expect(report.posts == 500 && report.distinctJTI == 500 && report.unreadable == 0)
        #expect(report.distinctDeliveries == 500)
        #expect(report.connections == 10)
        #expect(report.postsByPort.count == ports)
        #expect(report.samples.count == 5 && report.samples[0].token.hasPrefix("e30."))
        try sink.handle.reset()
        #expect(try sink.handle.report().posts == 0)
    }

    @Test("a token that came twice is counted once, as is a delivery; what is no token is said")
    func twice() async throws {
        let sink = try await Running(ports: 2)
        defer { sink.stop() }
        for body in [
            Self.body(1, jti: 1), Self.body(1, jti: 2), Self.body(2, jti: 2), Self.body(3, jti: 2),
            "logout_token=x",
        ] {
            _ = try await load(sink.plan(1, connections: 1, at: 0..<1, body: body))
        }
        let report = try sink.handle.report()
        #expect(report.posts == 5 && report.unreadable == 1)
        #expect(report.distinctJTI == 2 && report.distinctDeliveries == 3)
    }

    @Test("a port hangs, waits or refuses when told, beside one that answers, and answers again when told")
    func behaviours() async throws {
        let sink = try await Running(ports: 4)
        defer { sink.stop() }
        try sink.handle.behave(.hang, at: 0..<1)
        try sink.handle.behave(.delay(milliseconds: 50), at: 1..<2)
        try sink.handle.behave(.refuse, at: 2..<3)
        let hanging = Task { try await load(sink.plan(3, connections: 3, at: 0..<1)) }
        let late = try await load(sink.plan(4, connections: 2, at: 1..<2))
        #expect(late.statuses == [200: 4] && late.latencies.milliseconds(at: 0) >= 50)
        await #expect(throws: WireError.system(step: "connect", code: ECONNREFUSED)) {
            try await load(sink.plan(1, connections: 1, at: 2..<3))
        }
        #expect(try await load(sink.plan(4, connections: 2, at: 3..<4)).statuses == [200: 4])
        try await eventually("the hanging requests have come") {
            try sink.handle.posts() == 11
        }
        // Refusing ends what hangs.
        try sink.handle.behave(.refuse, at: 0..<1)
        #expect(try await hanging.value.statuses == [0: 3])
        try sink.handle.behave(.answer, at: 0..<3)
        #expect(try await load(sink.plan(9, connections: 3, at: 0..<3)).statuses == [200: 9])
    }

    @Test("requests and answers that come in pieces are put together, and a fixed rate is kept")
    func pieces() async throws {
        let sink = try await Running(ports: 1)
        defer { sink.stop() }
        let long = Self.body(1) + String(repeating: "a", count: 300_000)
        let result = try await load(sink.plan(3, connections: 1, at: 0..<1, body: long))
        #expect(result.statuses == [200: 3])
        var plan = sink.plan(20, connections: 2, at: 0..<1)
        plan.pace = .perSecond(200)
        let paced = try await load(plan)
        #expect(paced.statuses == [200: 20])
        #expect(paced.requests[19].due - paced.requests[0].due == 95_000_000)
        #expect(paced.wall >= 95_000_000)
        #expect(try sink.handle.report().posts == 23)
    }

    @Test("bodies that there is no more room for are still told apart")
    func room() async throws {
        let sink = try await Running(ports: 1, keptBytes: 2 << 20)
        defer { sink.stop() }
        var plan = sink.plan(20, connections: 1, at: 0..<1)
        let port = sink.handle.ports[0]
        // Every token comes twice, ten requests apart: by then the first has made room.
        plan.request = { number in
            let body = Self.body(number, jti: number % 10) + String(repeating: "a", count: 300_000)
            return LoadPlan.post("/bcl", port: port, headers: [], body: Array(body.utf8))
        }
        #expect(try await load(plan).statuses == [200: 20])
        #expect(try sink.handle.arrivals(prefix: "s-").count < 10)
        let report = try sink.handle.report()
        #expect(report.posts == 20 && report.unreadable == 0)
        #expect(report.distinctJTI == 10 && report.distinctDeliveries == 20)
    }

    @Test(
        "what is within a share of all",
        arguments: [(0.5, 2.0), (0.51, 3), (0.75, 3), (0.76, 4), (0.99, 4), (0, 1)]
    )
    func shares(share: Double, expected: Double) {
        let latencies = Latencies(nanoseconds: [4_000_000, 1_000_000, 3_000_000, 2_000_000])
        #expect(latencies.milliseconds(at: share) == expected)
    }
}
