internal import Benchmarks

extension Accounts {
    /// Calls: answered, each as it deserves, and the same again under the same key.
    mutating func balanceCalls(_ evidence: Evidence, _ ledger: Ledger, _ expectations: Expectations) {
        demand(
            "every call is answered in the end",
            evidence.calls.filter { $0.outcome == .open }.map { "call \($0.number) after \($0.tries) tries" }
        )
        demand(
            "a call is refused where it is flawed, and only there",
            evidence.calls.compactMap { call in
                switch call.outcome {
                case .accepted where call.isFlawed: "call \(call.number) was accepted"
                case .refused(let status) where !call.isFlawed: "call \(call.number): \(status)"
                default: nil
                }
            }
        )
        demand(
            "a repeated key is answered with the same event",
            evidence.calls.flatMap { call in call.otherEvents.map { "call \(call.number): \($0)" } }
        )
        var events: [String: Int] = [:]
        for call in ledger.accepted { events[call.event ?? "", default: 0] += 1 }
        demand(
            "no two calls have one event",
            events.filter { $0.value > 1 }.map { "\($0.key): \($0.value) calls" }
        )
        demand(
            "each event is one accepted call's",
            evidence.events.filter { ledger.calls[$0.id] == nil }.map { "\($0.id) \($0.status)" }
        )
    }

    /// Ends: exactly one for each target of what was accepted.
    mutating func balanceEnds(_ evidence: Evidence, _ ledger: Ledger, _ expectations: Expectations) {
        let known = Set(evidence.events.map(\.id))
        var (missing, doubled, wrong): ([String], [String], [String]) = ([], [], [])
        for call in ledger.accepted {
            if let event = call.event, !known.contains(event) {
                lost += call.targets.count
                missing.append("call \(call.number), event \(event)")
                continue
            }
            for target in call.targets {
                let rows = ledger.deliveries[target.sid] ?? []
                if rows.isEmpty {
                    lost += 1
                    missing.append("call \(call.number), \(target.sid)")
                } else if rows.count > 1 {
                    doubled.append("call \(call.number), \(target.sid): \(rows.count) deliveries")
                }
                for row in rows where row.event != call.event || row.client != World.client(target.party) {
                    wrong.append("\(row.id): \(row.client) of \(row.event)")
                }
            }
        }
        let isTold = expectations.mayLose ? " (an asynchronous standby may lose some; they are counted)" : ""
        checks.append(
            Check(
                "every accepted logout has each of its deliveries" + isTold,
                missing.isEmpty || expectations.mayLose,
                detail: missing.isEmpty
                    ? "" : "\(missing.count): \(missing.prefix(3).joined(separator: "; "))"
            )
        )
        demand("no target has two deliveries", doubled)
        demand("each delivery is of its call's event and client", wrong)
        demand(
            "nothing is open",
            evidence.deliveries.filter { $0.status == "open" }.map(\.id)
                + evidence.events.filter { $0.status == "in_progress" }.map { "event \($0.id)" }
        )
        demand(
            "each end is one of \(expectations.ends.sorted().joined(separator: ", "))",
            evidence.deliveries.filter { $0.status != "open" && !expectations.ends.contains($0.status) }
                .map { "\($0.id): \($0.status)" }
        )
        let isForgotten = expectations.mayForget ? " (but with a server that is lost)" : ""
        demand("no end goes back" + isForgotten, expectations.mayForget ? [] : evidence.wentBack)
    }
}
