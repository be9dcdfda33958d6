import Foundation
import Settings
import Testing

@Suite("Text files")
struct TextFileTests {
    @Test(
        "a small file is read whole, a long one is refused",
        arguments: [0, 1, 16_384, 1_048_576, 1_048_577]
    )
    func length(count: Int) throws {
        try withFile(Data(repeating: 0x61, count: count)) { path in
            if count <= TextFile.limit {
                let text = try TextFile.read(path)
                #expect(text.utf8.count == count)
            } else {
                #expect(throws: FileProblem.tooLong(limit: 1_048_576)) { try TextFile.read(path) }
            }
        }
    }

    @Test("what is not text is refused", arguments: [[0xFF], [0x61, 0x00, 0x62], [0xC3]] as [[UInt8]])
    func notText(bytes: [UInt8]) throws {
        try withFile(Data(bytes)) { path in
            #expect(throws: FileProblem.notText) { try TextFile.read(path) }
        }
    }

    @Test("a missing file and a folder are the system's errors")
    func system() {
        #expect(throws: FileProblem.system(code: ENOENT)) { try TextFile.read("/nonexistent") }
        #expect(throws: FileProblem.system(code: EISDIR)) { try TextFile.read("/") }
    }

    private func withFile(_ data: Data, _ body: (String) throws -> Void) throws {
        let url = URL.temporaryDirectory.appending(path: UUID().uuidString)
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path())
    }
}
