import ArgumentParser
import Foundation
import IntakeAPI
import Logging
import Outbox
import PostgresClient
import Settings
import StrictJSON
import Telemetry

/// What every operator's command takes.
struct OperatorOptions: ParsableArguments {
    @Option(help: "The settings file.")
    var config: String?
    @Option(help: "The data folder of `lastcall up`, whose database is used unless another is given.")
    var dataDir: String?
    @Option(help: "A file with the database's connection string (or LASTCALL_DATABASE_URL).")
    var databaseURLFile: String?
    @Option(
        help: "Allow http, and loopback addresses, for development (or LASTCALL_ALLOW_INSECURE_LOOPBACK)."
    )
    var allowInsecureLoopback: String?
    @Flag(help: "Print JSON, as the API answers it.")
    var json = false

    private var flags: [String: String] {
        var flags: [String: String] = [:]
        flags["config"] = config
        flags["data_dir"] = dataDir
        flags["database_url_file"] = databaseURLFile
        flags["allow_insecure_loopback"] = allowInsecureLoopback
        return flags
    }

    /// Opens the API on the settings' database, in this process, for one command.
    func withAPI(_ body: (Operator) async throws -> Void) async throws {
        try await withRuntime { try await body(Operator(api: $0.api, printsJSON: json)) }
    }

    /// Opens the settings' database for what no route of the API does.
    func withStore(_ body: (OutboxStore) async throws -> Void) async throws {
        try await withRuntime { try await body($0.store) }
    }

    /// Builds everything on the settings' database, in this process, for one command.
    func withRuntime(_ body: (Runtime) async throws -> Void) async throws {
        try await finishing {
            var environment = ProcessInfo.processInfo.environment
            var settings = try LastcallSettings.load(flags: flags, environment: environment)
            let keys = DataFolder(path: settings.dataDirectory).existingKeys(for: settings)
            if !keys.isEmpty {
                environment.merge(keys) { $1 }
                settings = try LastcallSettings.load(flags: flags, environment: environment)
            }
            if !settings.coreDumps { CrashTraces.forbid() }
            let quiet = Logger(label: "lastcall") { _ in SwiftLogNoOpLogHandler() }
            let runtime = try Runtime(
                settings,
                roles: .api,
                logger: quiet,
                registry: .init(),
                traces: false
            )
            do {
                try await body(runtime)
            } catch {
                await runtime.pool.shutdown()
                throw error
            }
            await runtime.pool.shutdown()
        }
    }
}

/// Calls the API as an operator and prints what it answers.
struct Operator {
    let api: LastcallAPI
    let printsJSON: Bool

    /// Sends one call; a refusal ends the command with its code and detail.
    func call(_ method: String, _ path: [String], query: [(String, String?)] = [], body: JSON? = nil)
        async throws -> JSON
    {
        let headers = body == nil ? [] : [(name: "content-type", value: "application/json")]
        return try await send(method, path, query, headers, body).answer
    }

    private typealias Answer = (answer: JSON, stream: (any AsyncSequence<[UInt8], any Error> & Sendable)?)

    /// Opens a stream.
    func stream(_ path: [String], query: [(String, String?)], headers: [(name: String, value: String)])
        async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
    {
        guard let stream = try await send("GET", path, query, headers, nil).stream else {
            throw Failure("the API answers with no stream")
        }
        return stream
    }

    private func send(
        _ method: String,
        _ path: [String],
        _ query: [(String, String?)],
        _ headers: [(name: String, value: String)],
        _ body: JSON?
    ) async throws -> Answer {
        let bytes = body?.serialized() ?? []
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        let request = APIRequest(
            method: method,
            path: "/" + path.map(encoded).joined(separator: "/"),
            query: pairs.joined(separator: "&"),
            headers: headers
        ) { limit in
            guard bytes.count <= limit else { throw APIRequest.BodyTooLarge() }
            return bytes
        }
        return try await send(request)
    }

    /// Sends a body piece by piece, as a stream of lines.
    func post(_ path: [String], lines: some AsyncSequence<[UInt8], any Error> & Sendable) async throws -> JSON
    {
        try await send(
            APIRequest(
                method: "POST",
                path: "/" + path.map(encoded).joined(separator: "/"),
                headers: [("content-type", "application/x-ndjson")],
                chunks: lines
            )
        ).answer
    }

    private func send(_ request: APIRequest) async throws -> Answer {
        let response = await api.respondToOperator(request)
        let answer =
            response.body.isEmpty
            ? .null : try JSON.parse(response.body, maximumBytes: .max, maximumValues: .max)
        guard response.status < 400 else {
            let detail = answer["detail"]?.text ?? "refused"
            let place = answer["pointer"]?.text.map { " (\($0))" } ?? ""
            let code = answer["code"]?.text ?? "\(response.status)"
            throw Failure(
                "\(code): \(detail)\(place)",
                code: response.status == 503 ? Failure.unavailable : Failure.refused
            )
        }
        return (answer, response.stream)
    }

    /// Every item of a list, page by page, up to a limit.
    func list(_ path: [String], query: [(String, String?)] = [], limit: Int) async throws -> [JSON] {
        var items: [JSON] = []
        var cursor: String?
        repeat {
            let page = min(1_000, limit - items.count)
            let answer = try await call(
                "GET",
                path,
                query: query + [("limit", "\(page)"), ("cursor", cursor)]
            )
            items += answer["items"]?.elements ?? []
            if case .string(let next)? = answer["next_cursor"] { cursor = next } else { cursor = nil }
        } while cursor != nil && items.count < limit
        return items
    }

    /// Prints an object: JSON for programs, a line per member for people.
    func show(_ object: JSON) {
        guard !printsJSON, case .object(let members) = object else { return print(text(of: object)) }
        let width = members.members.map(\.name.count).max() ?? 0
        for member in members.members {
            let name = member.name.padding(toLength: width, withPad: " ", startingAt: 0)
            print("\(name)  \(member.value.text ?? text(of: member.value))")
        }
    }

    /// Prints a list: JSON lines for programs, a table for people.
    func show(_ items: [JSON], columns: [String]) {
        if printsJSON { return items.forEach { print(text(of: $0)) } }
        let rows = items.map { item in columns.map { cell(item, $0) } }
        print(Table(columns: columns, rows: rows).text, terminator: "")
    }

    /// One line of a list that never ends.
    func row(_ item: JSON, columns: [String]) -> String {
        columns.map { cell(item, $0) }.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private func cell(_ item: JSON, _ column: String) -> String {
        item[column].map { $0.text ?? text(of: $0) } ?? ""
    }

    private func text(of json: JSON) -> String {
        String(decoding: json.serialized(), as: UTF8.self)
    }

    private func encoded(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\0"..."\u{7F}"))
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}

extension JSON {
    /// A member of an object.
    subscript(name: String) -> JSON? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// A plain value as people read it; `nil` for objects and arrays.
    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "yes" : "no"
        case .null: ""
        case .array, .object: nil
        }
    }

    /// An object of the members that have a value.
    static func members(_ members: [(String, JSON?)]) -> JSON {
        var object = JSONObject()
        for (name, value) in members {
            if let value { _ = object.append(name, value) }
        }
        return .object(object)
    }

    /// The JSON in a file, or on standard input for `-`.
    static func read(_ file: String) throws -> JSON {
        do {
            return try JSON.parse(Array(try readInput(file)), maximumBytes: 67_108_864)
        } catch let error as JSONError {
            throw Failure("\(file): \(error.detail)")
        }
    }
}

/// A file's bytes, or standard input for `-`.
func readInput(_ file: String) throws -> Data {
    if file == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    guard let data = FileManager.default.contents(atPath: file) else {
        throw Failure("\(file) cannot be read")
    }
    return data
}
