extension Scene {
    /// Records participations, one each for the clients in turn.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - member: whose, and in which session at that client.
    /// - Throws: ``BenchmarkError`` where it is refused.
    func importParticipations(_ count: Int, _ member: (Int) -> (user: String, sid: String)) throws {
        var next = 0
        while next < count {
            try Interrupt.check()
            var lines = ""
            let last = min(count, next + 100_000)
            while next < last {
                let (user, sid) = member(next)
                lines +=
                    #"{"session_id":"session-\#(next)","client_id":"c\#(next % clients)","sub":"\#(user)","sid":"\#(sid)"}"#
                    + "\n"
                next += 1
            }
            try send(lines)
        }
    }

    /// Requests for the logout of what was recorded under the `sid` of this prefix and a number.
    func filters(_ prefix: String) -> @Sendable (Int) -> [UInt8] {
        let head =
            "POST \(path("/logout-events")) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
            + "Authorization: Bearer \(stage.operatorKey)\r\nContent-Type: application/json\r\nContent-Length: "
        return { number in
            let body = #"{"sid":"\#(prefix)\#(number)"}"#
            return Array("\(head)\(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
    }

    private func send(_ lines: String) throws {
        let body = Array(lines.utf8)
        let request = LoadPlan.post(
            path("/sessions/import"),
            port: server.port,
            headers: ["Authorization: Bearer \(stage.operatorKey)", "Content-Type: application/x-ndjson"],
            body: body
        )
        _ = try load(plan(connections: 1, requests: 1) { _ in request }, expecting: [200])
    }
}
