import Testing

@testable import Chaos

@Suite("What a message commits")
struct CommitTrackerTests {
    /// A message of a client: its letter and its texts, each with a zero behind it.
    private static func message(_ kind: Character, _ texts: String...) -> [UInt8] {
        let body = texts.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        return [kind.asciiValue ?? 0, 0, 0, 0, UInt8(body.count + 4)] + body
    }

    private static func ready(_ status: Character) -> [UInt8] {
        [UInt8(ascii: "Z"), 0, 0, 0, 5, status.asciiValue ?? 0]
    }

    /// Plays messages of both sides; returns what each of the client's committed.
    private func play(_ messages: [[UInt8]]) throws -> [Set<StatementClass>] {
        var tracker = CommitTracker()
        var reader = MessageReader(isStartup: false)
        var commits: [Set<StatementClass>] = []
        for bytes in messages {
            // Byte by byte: messages arrive cut anywhere.
            for byte in bytes {
                reader.append([byte])
                guard let message = try reader.next() else { continue }
                if message.kind == UInt8(ascii: "Z") {
                    let isEnd = tracker.server(message)
                    #expect(isEnd)
                } else if let commit = tracker.client(message) {
                    commits.append(commit)
                }
            }
        }
        return commits
    }

    @Test("a statement outside a transaction is committed by the Sync behind it")
    func statement() throws {
        let commits = try play([
            Self.message("P", "1_claim", "update"), Self.message("S"), Self.ready("I"),
            Self.message("B", "", "1_claim"), Self.message("E", ""), Self.message("S"), Self.ready("I"),
        ])
        #expect(commits == [[.claim]])
    }

    @Test("a transaction is committed by its commit, with all that ran in it")
    func transaction() throws {
        let commits = try play([
            Self.message("Q", "begin isolation level read committed"), Self.ready("T"),
            Self.message("P", "1_other", "select"), Self.message("S"), Self.ready("T"),
            Self.message("B", "", "1_other"), Self.message("E", ""), Self.message("S"), Self.ready("T"),
            Self.message("P", "2_audit_seal", "insert"), Self.message("S"), Self.ready("T"),
            Self.message("B", "", "2_audit_seal"), Self.message("E", ""), Self.message("S"), Self.ready("T"),
            Self.message("Q", "commit"), Self.ready("I"),
        ])
        #expect(commits == [[.audit]])
    }

    @Test("what was rolled back is not in the next commit")
    func rolledBack() throws {
        let commits = try play([
            Self.message("P", "1_settle", "update"), Self.message("S"), Self.ready("I"),
            Self.message("Q", "begin"), Self.ready("T"),
            Self.message("B", "", "1_settle"), Self.message("E", ""), Self.message("S"), Self.ready("E"),
            Self.message("Q", "rollback"), Self.ready("I"),
            Self.message("Q", "begin"), Self.ready("T"), Self.message("Q", "commit"), Self.ready("I"),
        ])
        #expect(commits == [[]])
    }

    @Test("a length that no message has is refused")
    func length() {
        var reader = MessageReader(isStartup: false)
        reader.append([UInt8(ascii: "Q"), 0, 0, 0, 3])
        let error = #expect(throws: ChaosError.self) { () throws in
            var copy = reader
            _ = try copy.next()
        }
        #expect(error?.description == "a message of 3 bytes")
    }
}
