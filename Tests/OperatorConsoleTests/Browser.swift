import LastcallTestKit
import Synchronization
import Testing

/// What a browser does with cookies and forms, without one.
final class Browser: Sendable {
    private let world: ConsoleWorld
    private let jar = Mutex<[String: String]>([:])

    init(_ world: ConsoleWorld, cookies: [String: String] = [:]) {
        self.world = world
        jar.withLock { $0 = cookies }
    }

    var cookies: [String: String] { jar.withLock { $0 } }

    /// Puts cookies back that a server has taken away, as somebody who has copied them can.
    func remember(_ cookies: [String: String]) { jar.withLock { $0 = cookies } }

    private var cookieFields: [(String, String)] {
        let cookies = cookies
        return cookies.isEmpty
            ? [] : [("Cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))]
    }

    /// Everything that a stream's request says.
    var streamFields: [(String, String)] { cookieFields + [("Accept", "text/event-stream")] }

    private func keep(_ answer: PageCall) {
        for field in answer.values(of: "set-cookie") {
            let pair = field.prefix { $0 != ";" }.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard pair.count == 2 else { continue }
            let (name, value) = (String(pair[0]), String(pair[1]))
            jar.withLock { $0[name] = value.isEmpty ? nil : value }
        }
    }

    func get(_ path: String) async throws -> PageCall {
        let answer = try await PageCall.send("GET", path, port: world.port, headers: cookieFields)
        keep(answer)
        return answer
    }

    /// Sends a form; `fields` are sent as they are, so a test encodes them.
    func post(_ path: String, _ fields: String, headers: [(String, String)] = []) async throws -> PageCall {
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        let answer = try await PageCall.send(
            "POST",
            path,
            port: world.port,
            headers: cookieFields + form + headers,
            body: fields
        )
        keep(answer)
        return answer
    }

    /// Sends a form of a page as the page has it: with the token that stands there.
    func submit(_ path: String, _ fields: String = "", from page: String) async throws -> PageCall {
        let token = try Self.token(in: try await get(page).body)
        return try await post(path, "csrf=\(token)" + (fields.isEmpty ? "" : "&\(fields)"))
    }

    /// Signs in; returns what the sign-in was answered with.
    @discardableResult
    func signIn(_ key: String, next: String = "") async throws -> PageCall {
        try await submit("/console/sign-in", "key=\(key)&next=\(next)", from: "/console/sign-in")
    }

    /// The token of the first form on a page.
    static func token(in page: String) throws -> String {
        let match = try #require(
            page.firstMatch(of: /name="csrf" value="([A-Za-z0-9_-]{43})"/),
            "no form on the page"
        )
        return String(match.1)
    }
}
