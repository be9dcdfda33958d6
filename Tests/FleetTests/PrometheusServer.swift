import Foundation
import LastcallTestKit
import Testing

/// A Prometheus of the system's package, with what `deploy/prometheus` ships; it ends with its last reference.
final class PrometheusServer: Sendable {
    private let port: UInt16
    private let folder: TemporaryFolder
    private let lifeline: Shell.Lifeline

    /// Starts it, and waits until it listens.
    ///
    /// `targets`: ports on loopback, in place of the hosts of the example; everything else is as it is shipped, only quicker.
    init(targets: [UInt16]) async throws {
        let folder = try TemporaryFolder()
        let lifeline = try Shell.Lifeline()
        let shipped = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy/prometheus")
        let text = try String(contentsOf: shipped.appending(path: "prometheus.yml"), encoding: .utf8)
        let list = targets.map { "          - 127.0.0.1:\($0)\n" }.joined()
        let configuration = text.replacing(/(          - \S+\.example\.com:8081\n)+/, with: list)
            .replacing("_interval: 15s", with: "_interval: 1s")
        #expect(configuration.contains(list) && configuration.contains("scrape_interval: 1s"))
        try folder.write(configuration, to: "prometheus.yml")
        let alerts = try String(contentsOf: shipped.appending(path: "alerts.yml"), encoding: .utf8)
        try folder.write(alerts, to: "alerts.yml")
        try folder.write("", to: "log")
        let script = """
            cd "$1" && prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
                --web.listen-address=127.0.0.1:0 --log.level=info > log 2>&1 3>&- &
            pid=$!
            read -r nothing <&3
            kill -9 $pid
            wait $pid
            rm -rf "$1"
            """
        let arguments = [folder.path]
        Thread.detachNewThread { try? Shell.run(script, arguments, lifeline: lifeline) }
        let log = folder.path + "/log"
        port = try await eventually("Prometheus to listen") {
            let lines = try String(contentsOfFile: log, encoding: .utf8)
            return lines.firstMatch(of: /msg="Listening on" address=127\.0\.0\.1:(\d+)/)
                .flatMap { UInt16($0.output.1) }
        }
        self.folder = folder
        self.lifeline = lifeline
    }

    deinit { close(lifeline.writeEnd) }

    /// The labels of each series that a query finds now.
    func query(_ query: String) async throws -> [[String: String]] {
        let allowed = CharacterSet.alphanumerics
        let text = try #require(query.addingPercentEncoding(withAllowedCharacters: allowed))
        let data = try await data("/api/v1/query?query=\(text)")
        return (data["result"] as? [[String: Any]] ?? []).compactMap { $0["metric"] as? [String: String] }
    }

    /// How the rules fare: every word that is said of any.
    func ruleHealth() async throws -> Set<String> {
        let groups = try await data("/api/v1/rules")["groups"] as? [[String: Any]] ?? []
        let rules = groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }
        return Set(rules.compactMap { $0["health"] as? String })
    }

    private func data(_ path: String) async throws -> [String: Any] {
        // By HTTP/1.0 a long answer comes in one piece, without chunks.
        let answer = await RawConnection.exchange("GET \(path) HTTP/1.0\r\n\r\n", port: port)
        // While it starts it answers 503 with a text.
        guard answer.statuses.first == 200, let head = answer.text.range(of: "\r\n\r\n") else { return [:] }
        return try object(String(answer.text[head.upperBound...]))["data"] as? [String: Any] ?? [:]
    }
}
