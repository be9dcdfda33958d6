import Foundation
import Settings
import Testing

@Suite("Settings: files of deploy/")
struct DeploymentTests {
    /// Every file of `deploy/`, with its path.
    private let files: [(path: String, text: String)]

    init() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = package.appending(path: "deploy").path()
        // A folder has no contents.
        files = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().compactMap { path in
            FileManager.default.contents(atPath: folder + "/" + path).map {
                (path, String(decoding: $0, as: UTF8.self))
            }
        }
    }

    @Test("every variable that a file of deploy/ names is a setting")
    func variables() {
        let known = Set(LastcallSettings.definitions.map { "LASTCALL_" + $0.name.uppercased() })
        var count = 0
        for (path, text) in files {
            for match in text.matches(of: /LASTCALL_[A-Z0-9_]+/) {
                count += 1
                #expect(known.contains(String(match.output)), "\(path): \(match.output)")
            }
        }
        #expect(count > 15)
    }

    @Test(
        "whoever runs Lastcall lets it stop: for longer than drain_seconds and the 4 s that the rest may take"
    )
    func stops() throws {
        let drain = try load(file: "").drain
        var count = 0
        for (path, text) in files where !path.hasSuffix(".md") {
            let pattern = /(?:terminationGracePeriodSeconds: |TimeoutStopSec=|stop_grace_period: )(\d+)/
            for match in text.matches(of: pattern) {
                count += 1
                let seconds = try #require(Int(match.output.1))
                #expect(Duration.seconds(seconds) > drain + .seconds(4), "\(path)")
            }
        }
        #expect(count >= 7)
    }
}
