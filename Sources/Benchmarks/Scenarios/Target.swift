/// Whom a logout is for: a client, and a session that no other delivery has.
struct Target {
    let client: Int
    let sid: String

    var json: String { #"{"client_id":"c\#(client)","sub":"user-\#(client)","sid":"\#(sid)"}"# }
}

extension Scene {
    /// The request for a logout that names its targets.
    func logout(_ targets: [Target], headers: [String] = []) -> [UInt8] {
        let list = targets.map(\.json).joined(separator: ",")
        return request("POST", path("/logout-events"), "{\"targets\":[\(list)]}", headers: headers)
    }

    /// Requests for logouts of one target each: number n goes to client n modulo the clients, its `sid` is the prefix and n.
    func singles(_ prefix: String) -> @Sendable (Int) -> [UInt8] {
        let head =
            "POST \(path("/logout-events")) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
            + "Authorization: Bearer \(stage.operatorKey)\r\nContent-Type: application/json\r\nContent-Length: "
        let clients = clients
        return { number in
            let body = "{\"targets\":[\(Target(client: number % clients, sid: "\(prefix)\(number)").json)]}"
            return Array("\(head)\(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
    }

    /// Requests for logouts of many targets each, which go round the clients; each `sid` is the prefix, n and a number.
    func fans(_ prefix: String, of count: Int, headers: [String] = []) -> @Sendable (Int) -> [UInt8] {
        let extra = headers.map { $0 + "\r\n" }.joined()
        let head =
            "POST \(path("/logout-events")) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
            + "Authorization: Bearer \(stage.operatorKey)\r\nContent-Type: application/json\r\n\(extra)Content-Length: "
        let clients = clients
        return { number in
            let targets = (0..<count).map { position in
                Target(client: (number * count + position) % clients, sid: "\(prefix)\(number)-\(position)")
                    .json
            }
            let body = "{\"targets\":[\(targets.joined(separator: ","))]}"
            return Array("\(head)\(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
    }
}
