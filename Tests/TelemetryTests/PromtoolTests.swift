import Foundation
import LastcallTestKit
import Testing

@Suite("What Prometheus says of its rules")
struct PromtoolTests {
    private let folder = OperatorFiles.root.appending(path: "deploy/prometheus").path(percentEncoded: false)

    private func promtool(_ arguments: String) throws -> String {
        let scratch = try TemporaryFolder()
        try scratch.write("", to: "output")
        let script = "cd \"$1\" && promtool \(arguments) > \"$2\" 2>&1 || { cat \"$2\" >&2; exit 1; }"
        try Shell.run(script, [folder, scratch.path + "/output"])
        return try String(contentsOfFile: scratch.path + "/output", encoding: .utf8)
    }

    @Test("the rules are well formed, and none is there twice")
    func rules() throws {
        let output = try promtool("check rules --lint=all --lint-fatal alerts.yml")
        #expect(output.contains("SUCCESS"))
    }

    @Test("each alert fires above its bound and not below")
    func alerts() throws {
        #expect(try promtool("test rules alerts.test.yml").contains("SUCCESS"))
    }

    @Test("the example configuration is one")
    func configuration() throws {
        #expect(try promtool("check config prometheus.yml").contains("SUCCESS"))
    }
}
