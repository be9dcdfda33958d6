import Foundation
import LastcallTestKit
import Testing

@Suite("The command line on a terminal", .lastcallDatabase, .serialized)
struct TerminalTests {
    /// A terminal of 80 columns, from Debian's essential bsdutils.
    private static let terminal = [
        "/bin/sh", "-c", #"exec script -qefc "stty cols 80; exec $*" /dev/null"#, "sh",
    ]

    @Test("long work shows a bar, tables fit and words have colours there, and nowhere else")
    func terminal() async throws {
        let fleet = try Fleet()
        try await fleet.prepare(["rp": "https://rp.example/" + String(repeating: "a", count: 100)])
        let folder = try TemporaryFolder()
        let lines = (0..<2_000).map { #"{"session_id": "s-\#($0)", "client_id": "rp", "sub": "u"}"# }
        let path = "\(folder.path)/sessions"
        try folder.write(lines.joined(separator: "\n") + "\n", to: "sessions")
        func onTerminal(_ arguments: [String], _ others: [String: String] = [:]) async throws -> String {
            let process = try LastcallProcess(
                arguments,
                environment: fleet.environment.merging(["TERM": "xterm"]) { $1 }.merging(others) { $1 },
                through: Self.terminal
            )
            #expect(await process.end() == .exit(0), "\(process.output) \(process.errors)")
            return process.output
        }
        let shown = try await onTerminal(["sessions", "import", "op", path])
        #expect(
            shown.contains("[##") && shown.contains("100 %  2000 lines") && shown.contains("2000 imported")
        )
        #expect(try await fleet.command("sessions", "import", "op", path) == "2000 imported, 0 failed\n")

        let table = try await onTerminal(["clients", "list", "op"])
        let rows = table.split(whereSeparator: \.isNewline)
        #expect(
            rows.count == 2 && table.contains("…") && table.contains("\u{1B}[32mclosed\u{1B}[0m"),
            "\(table)"
        )
        #expect(
            rows.allSatisfy {
                $0.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[0m", with: "").count <= 80
            }
        )
        #expect(try await !onTerminal(["clients", "list", "op"], ["NO_COLOR": "1"]).contains("\u{1B}["))
        let piped = try await fleet.command("clients", "list", "op")
        #expect(
            piped.contains(String(repeating: "a", count: 100)) && !piped.contains("\u{1B}")
                && !piped.contains("…")
        )
    }

    @Test("text from elsewhere does not turn the direction of a line; programs get it as it is")
    func harmless() async throws {
        let fleet = try Fleet()
        try await fleet.prepare(["rp": "https://rp.example/logout"])
        let sub = "a\u{202E}b\u{200F}c"
        let shown = try await fleet.command("sessions", "record", "op", "s", "rp", "--sub", sub)
        let listed = try await fleet.command("sessions", "list", "op", "--client-id", "rp")
        for text in [shown, listed] {
            #expect(text.contains("a\u{FFFD}b\u{FFFD}c"), "\(text)")
            #expect(!text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{200F}" }, "\(text)")
        }
        let told = try await fleet.command("sessions", "list", "op", "--client-id", "rp", "--json")
        #expect(try object(told).text("sub") == sub)
    }

    @Test("shells complete commands, options and words", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async throws {
        let script = try await LastcallProcess.run(["--generate-completion-script", shell])
        #expect(script.end == .exit(0) && script.errors.isEmpty)
        for word in ["redeliveries", "tail", "api-key-file", "in_progress"] {
            #expect(script.output.contains(word), "\(word)")
        }
        guard shell == "bash" else { return }
        let bash = try LastcallProcess(
            [],
            through: [
                "/bin/bash", "-c",
                """
                set -e; script=$("$1" --generate-completion-script bash); bash -n <<<"$script"; eval "$script"
                ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                _lastcall lastcall "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
                ask lastcall del; ask lastcall events list --sta; ask lastcall events list --status c
                """, "bash",
            ]
        )
        #expect(await bash.end() == .exit(0), "\(bash.errors)")
        let replies = bash.output.split(separator: "\n", omittingEmptySubsequences: false).map { reply in
            Set(reply.split(separator: " ").map(String.init))
        }
        #expect(
            replies.first == ["deliveries"] && replies.dropFirst().first == ["--status"],
            "\(bash.output)"
        )
        #expect(replies.dropFirst(2).first == ["completed", "cancelled"], "\(bash.output)")
    }
}
