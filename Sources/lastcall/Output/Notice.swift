import Foundation
import StrictJSON

/// What is said beside the results, on standard error.
enum Notice {
    @Sendable static func tell(_ line: String, json: Bool) {
        let text = json ? JSON.object(of: [("notice", .string(line))]).line : "lastcall: \(line.harmless)"
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
