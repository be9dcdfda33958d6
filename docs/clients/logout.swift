// Reports that a session of the OP has ended, and says what became of it at each RP. With Foundation alone.
// usage: LASTCALL_URL=http://127.0.0.1:8080 LASTCALL_API_KEY=... logout ISSUER SESSION_ID
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What is read of a logout event; other members may be there.
struct LogoutEvent: Decodable {
    struct Delivery: Decodable {
        let client_id: String
        let status: String
        let reason: String?
    }
    let id: String
    let status: String
    let deliveries: [Delivery]
}

struct Problem: Decodable, Error {
    let code: String
    let detail: String
}

/// Reports the logout; what is answered 429 or 503 is repeated, as Retry-After says.
func report(_ sessionID: String, to issuer: String, at url: URL, key: String) async throws -> LogoutEvent {
    var request = URLRequest(url: url.appendingPathComponent("v1/issuers/\(issuer)/logout-events"), timeoutInterval: 60)
    request.httpMethod = "POST"
    request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    // The same key on every try: a repetition is answered with the first one's event.
    request.setValue("logout-of-\(sessionID)", forHTTPHeaderField: "Idempotency-Key")
    request.setValue("wait=10", forHTTPHeaderField: "Prefer")
    request.httpBody = try JSONEncoder().encode(["session_id": sessionID, "initiator": "rp-logout"])
    var attempt = 0
    while true {
        let (body, answer) = try await URLSession.shared.data(for: request)
        let status = (answer as? HTTPURLResponse)?.statusCode ?? 0
        if status < 300 { return try JSONDecoder().decode(LogoutEvent.self, from: body) }
        attempt += 1
        guard [429, 503].contains(status), attempt < 6 else { throw try JSONDecoder().decode(Problem.self, from: body) }
        let wait = (answer as? HTTPURLResponse)?.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? 1
        try await Task.sleep(for: .seconds(wait))
    }
}

let environment = ProcessInfo.processInfo.environment
guard CommandLine.arguments.count == 3, let key = environment["LASTCALL_API_KEY"],
    let url = environment["LASTCALL_URL"].flatMap(URL.init(string:))
else { fatalError("usage: LASTCALL_URL=... LASTCALL_API_KEY=... logout ISSUER SESSION_ID") }
let event = try await report(CommandLine.arguments[2], to: CommandLine.arguments[1], at: url, key: key)
print(event.id, event.status)
for delivery in event.deliveries { print(delivery.client_id, delivery.status, delivery.reason ?? "") }
