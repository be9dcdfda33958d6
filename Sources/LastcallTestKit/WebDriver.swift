import FoundationEssentials
import Glibc
public import StrictJSON

/// A browser that a test drives: headless Chromium through chromedriver, as the W3C's WebDriver says, and thin.
///
/// Both end with the test process, however that ends: chromedriver at the end of a pipe, Chromium at the end of another to it.
public final class WebDriver: Sendable {
    private let lifeline: Shell.Lifeline
    private let folder: String
    private let port: UInt16
    private let session: String

    /// Starts both.
    ///
    /// - Throws: ``TestKitError`` where they are not installed (scripts/setup does that), or do not start.
    public init() async throws {
        let lifeline = try Shell.Lifeline()
        var path = Array("/tmp/lastcall-browser-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else { throw TestKitError("mkdtemp: errno \(errno)") }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let output = folder + "/output"
        // Whoever reads from the pipe is the last to know that this process is there.
        let script = """
            chromedriver --port=0 </dev/null 3<&- & driver=$!
            read line <&3
            lock=$(readlink "$HOME/profile/SingletonLock") && kill "${lock##*-}"
            kill $driver
            wait $driver
            """
        _ = try Shell.spawn(
            ["/bin/sh", "-c", script],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(folder)", "TMPDIR=\(folder)"],
            output: output,
            errors: folder + "/errors",
            lifeline: lifeline
        )
        self.lifeline = lifeline
        self.folder = folder
        port = try await eventually("chromedriver to listen", within: .seconds(30)) {
            let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
            guard let place = text.firstRange(of: "successfully on port ") else { return nil }
            return UInt16(text[place.upperBound...].prefix { $0.isNumber })
        }
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--lang=en",
            "--disable-background-networking", "--no-first-run", "--disable-extensions",
            "--force-device-scale-factor=1",
            "--window-size=1280,900", "--user-data-dir=\(folder)/profile",
            // Whatever page asks for another host gets none.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ].map { "\"\($0)\"" }.joined(separator: ",")
        let wanted =
            #"{"capabilities":{"alwaysMatch":{"browserName":"chrome","goog:loggingPrefs":{"browser":"ALL"},"goog:chromeOptions":{"args":[\#(arguments)]}}}}"#
        let made = try await Self.call("POST", "/session", wanted, port)
        guard case .object(let value) = made, case .string(let id)? = value["sessionId"] else {
            throw TestKitError("chromedriver gave no session")
        }
        session = id
    }

    /// Ends the browser and its driver.
    public func stop() async {
        _ = try? await Self.call("DELETE", "/session/\(session)", nil, port)
        close(lifeline.writeEnd)
        _ = try? FileManager.default.removeItem(atPath: folder)
    }

    /// Goes to an address and waits until it is loaded.
    public func open(_ address: String) async throws {
        try await send("url", .object(of: [("url", .string(address))]))
    }

    /// Runs a function's body in the page; returns what it returns.
    public func run(_ script: String) async throws -> JSON {
        try await send("execute/sync", .object(of: [("script", .string(script)), ("args", .array([]))]))
    }

    /// Tells the browser something that WebDriver has no word for, as its own protocol does.
    @discardableResult
    public func tell(_ command: String, _ parameters: JSON) async throws -> JSON {
        try await send("goog/cdp/execute", .object(of: [("cmd", .string(command)), ("params", parameters)]))
    }

    /// Presses a key: one of the keyboard's, by its WebDriver code.
    public func press(_ key: String) async throws {
        let steps = ["keyDown", "keyUp"].map {
            JSON.object(of: [("type", .string($0)), ("value", .string(key))])
        }
        let keyboard = JSON.object(of: [
            ("type", .string("key")), ("id", .string("keys")), ("actions", .array(steps)),
        ])
        try await send("actions", .object(of: [("actions", .array([keyboard]))]))
    }

    /// What the browser has complained about since the last time.
    public func complaints() async throws -> [String] {
        guard case .array(let lines) = try await send("se/log", .object(of: [("type", .string("browser"))]))
        else { return [] }
        return lines.compactMap { line in
            guard case .object(let entry) = line, case .string(let message)? = entry["message"] else {
                return nil
            }
            return message
        }
    }

    @discardableResult
    private func send(_ command: String, _ body: JSON) async throws -> JSON {
        try await Self.call(
            "POST",
            "/session/\(session)/\(command)",
            String(decoding: body.serialized(), as: UTF8.self),
            port
        )
    }

    private static func call(_ method: String, _ path: String, _ body: String?, _ port: UInt16) async throws
        -> JSON
    {
        let headers = body == nil ? [] : [("Content-Type", "application/json")]
        let answer = try await PageCall.send(method, path, port: port, headers: headers, body: body)
        guard case .object(let object) = try JSON.parse(Array(answer.body.utf8), maximumBytes: 1 << 26),
            let value = object["value"]
        else { throw TestKitError("chromedriver: \(answer.body.prefix(300))") }
        guard answer.status == 200 else { throw TestKitError("chromedriver: \(answer.body.prefix(600))") }
        return value
    }
}
