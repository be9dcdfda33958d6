// Tells Lastcall that somebody is logged in at an RP, then that the session ended, and waits until the RP was told.
// Nothing but the toolchain is needed: swiftc -parse-as-library -o logout Logout.swift

import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What Lastcall answers to a logout. Members that are not needed here are left out.
struct LogoutEvent: Decodable {
    struct Delivery: Decodable {
        let clientId: String
        let status: String
        let reason: String?
    }

    let id: String
    let status: String
    let deliveries: [Delivery]
}

/// One issuer of a Lastcall.
struct Lastcall: Sendable {
    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let body: String
        var description: String { "Lastcall answers \(status): \(body)" }
    }

    let base: String
    let key: String

    /// Reads LASTCALL_API_URL, ISSUER and the file LASTCALL_API_KEY_FILE.
    init(environment: [String: String]) throws {
        guard let url = environment["LASTCALL_API_URL"], let issuer = environment["ISSUER"],
            let file = environment["LASTCALL_API_KEY_FILE"]
        else { throw URLError(.badURL) }
        base = "\(url)/v1/issuers/\(issuer)"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        key = text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// At each ID token.
    func record(session: String, client: String, sub: String, sid: String) async throws {
        _ = try await call(
            "PUT",
            "/sessions/\(quoted(session))/clients/\(quoted(client))",
            body: ["sub": sub, "sid": sid]
        )
    }

    /// When the session ends. The same key for the same logout: however often it is sent, it is one.
    func logOut(session: String, wait: Int = 30) async throws -> LogoutEvent {
        let answer = try await call(
            "POST",
            "/logout-events",
            body: ["session_id": session, "initiator": "idp-logout"],
            headers: ["Idempotency-Key": "session-\(quoted(session))", "Prefer": "wait=\(wait)"]
        )
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(LogoutEvent.self, from: answer)
    }

    /// What is answered 408, 429 or 5xx, or not at all, is sent again: every call here may be repeated.
    private func call(
        _ method: String,
        _ path: String,
        body: [String: String],
        headers: [String: String] = [:]
    ) async throws -> Data {
        guard let url = URL(string: base + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: url, timeoutInterval: 40)
        request.httpMethod = method
        request.httpBody = try JSONEncoder().encode(body)
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        var waits: [Double] = [0.2, 0.5, 1, 2, 4, 8, 16]
        while true {
            var pause = waits.first ?? 0
            do {
                let (data, response) = try await URLSession.shared.data(for: request)
                guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
                if (200..<300).contains(response.statusCode) { return data }
                let mayComeAgain = [408, 429].contains(response.statusCode) || response.statusCode >= 500
                guard mayComeAgain, !waits.isEmpty else {
                    throw Refused(status: response.statusCode, body: String(decoding: data, as: UTF8.self))
                }
                let after = response.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init)
                pause = max(pause, after ?? 0)
            } catch let error as URLError {
                guard !waits.isEmpty else { throw error }
            }
            waits.removeFirst()
            try await Task.sleep(for: .seconds(pause))
        }
    }

    private func quoted(_ text: String) -> String {
        var allowed = CharacterSet(charactersIn: "-._~")
        allowed.insert(charactersIn: "0"..."9")
        allowed.insert(charactersIn: "A"..."Z")
        allowed.insert(charactersIn: "a"..."z")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }
}

@main
struct Logout {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 4 else { end("usage: logout SESSION_ID CLIENT_ID SUB SID", code: 64) }
        let words = Array(arguments)
        do {
            let lastcall = try Lastcall(environment: ProcessInfo.processInfo.environment)
            try await lastcall.record(session: words[0], client: words[1], sub: words[2], sid: words[3])
            let event = try await lastcall.logOut(session: words[0])
            print(event.id, event.status)
            for delivery in event.deliveries {
                print("  \(delivery.clientId): \(delivery.status) \(delivery.reason ?? "")")
            }
            exit(event.status == "completed" ? 0 : 1)
        } catch {
            end("\(error)", code: 1)
        }
    }

    static func end(_ text: String, code: Int32) -> Never {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        exit(code)
    }
}
