import FuzzTargets
import Testing

import struct Foundation.Data
import class Foundation.FileManager
import struct Foundation.URL

@Suite("Fuzz corpus")
struct FuzzCorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "FuzzCorpus")

    @Test("every target's properties hold for all that fuzzing has found", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: target.rawValue),
            includingPropertiesForKeys: nil
        )
        #expect(!files.isEmpty)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            #expect(bytes.count <= 4_096, "\(file.lastPathComponent)")
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try target.run(bytes) }
            // What is cut short is what a lost connection leaves.
            for length in [bytes.count / 2, bytes.count - 1] where length > 0 {
                #expect(throws: Never.self) { try target.run(Array(bytes.prefix(length))) }
            }
        }
    }

    @Test("the corpus has no folder without a target")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(Set(names) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
