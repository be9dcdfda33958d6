import Foundation
import LastcallTestKit
import StrictJSON
import Testing

/// What `docs/cli.md` promises of each command, and the schemas that it names.
struct CommandTable {
    /// One line of its table.
    struct Row {
        /// Without `lastcall`.
        let command: [String]
        let routes: [String]
        /// The schema of what `--json` prints; `nil`: nothing, or what has a description of its own.
        let schema: String?
        /// The schema of what it prints with the option that the line names.
        let otherSchema: String?
        let isLines: Bool
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let rows: [Row]
    let validator: JSONSchemaValidator

    /// `openAPI`: the document of the API.
    init(openAPI: JSON) throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("docs/cli.md"), encoding: .utf8)
        rows = text.split(separator: "\n").filter { $0.hasPrefix("| `lastcall ") }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(Self.code)
            let prints = line.split(separator: "|")[2]
            let hasSchema = !prints.contains("reports") && !cells[3].isEmpty
            return Row(
                command: cells[1][0].split(separator: " ").dropFirst().map(String.init),
                routes: cells[2],
                schema: hasSchema ? cells[3][0] : nil,
                otherSchema: cells[3].last { !$0.hasPrefix("--") },
                isLines: prints.contains("lines of")
            )
        }
        let file = try Data(contentsOf: Self.root.appendingPathComponent("docs/cli.schema.json"))
        let own = try JSON.parse(Array(file))["components"]?["schemas"]?.members ?? []
        var schemas = JSONObject()
        for member in (openAPI["components"]?["schemas"]?.members ?? []) + own {
            let isNew = schemas.append(member.name, member.value)
            #expect(isNew, "\(member.name) is there twice")
        }
        var components = JSONObject()
        _ = components.append("schemas", .object(schemas))
        var document = JSONObject()
        _ = document.append("components", .object(components))
        validator = JSONSchemaValidator(document: .object(document))
    }

    /// What is between backquotes.
    private static func code(_ cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    func row(of command: [String]) -> Row? {
        rows.first { $0.command == command }
    }

    /// What is wrong with a line of JSON; its schema by name.
    func faults(of line: String, against name: String) -> [String] {
        guard let schema = validator.value(at: "/components/schemas/\(name)") else {
            return ["\(name) is described nowhere"]
        }
        guard let json = try? JSON.parse(Array(line.utf8), maximumBytes: .max, maximumValues: .max) else {
            return ["\(line) is no JSON"]
        }
        return validator.faults(of: json, against: schema)
            + (name == "TailEvent" ? eventFaults(of: json) : [])
    }

    /// It is an event of the API's beside its issuer.
    private func eventFaults(of json: JSON) -> [String] {
        guard let schema = validator.value(at: "/components/schemas/AuditEvent") else {
            return ["no AuditEvent"]
        }
        var event = JSONObject()
        for member in json.members where member.name != "issuer" {
            _ = event.append(member.name, member.value)
        }
        return validator.faults(of: .object(event), against: schema)
    }
}

/// One command of the program, as it describes itself.
struct ToolCommand {
    let name: [String]
    let options: Set<String>

    /// Every command that does something, from `--experimental-dump-help`.
    static func all(in dump: String) throws -> [ToolCommand] {
        let tool = try JSON.parse(Array(dump.utf8), maximumBytes: .max, maximumValues: .max)
        func leaves(_ command: JSON, _ path: [String]) -> [ToolCommand] {
            let name = command["commandName"]?.string ?? ""
            guard command["shouldDisplay"] != .bool(false), name != "help" else { return [] }
            let below = command["subcommands"]?.elements.filter { $0["commandName"] != .string("help") } ?? []
            guard below.isEmpty else { return below.flatMap { leaves($0, path + [name]) } }
            let names = command["arguments"]?.elements.flatMap { $0["names"]?.elements ?? [] } ?? []
            return [
                ToolCommand(
                    name: Array((path + [name]).dropFirst()),
                    options: Set(names.compactMap { $0["name"]?.string })
                )
            ]
        }
        return leaves(tool["command"] ?? .null, [])
    }
}
