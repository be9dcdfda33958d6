/// Asks again and again until there is an answer: how a test waits for what another thread or process does.
///
/// The only place of the tests where time passes; nothing is asserted about how much.
///
/// - Parameters:
///   - what: what is waited for, for the failure.
///   - bound: when to give up; far longer than any healthy test takes.
///   - ask: returns `nil` for "not yet".
/// - Returns: the first answer.
/// - Throws: ``TestKitError`` when the bound has passed, or what `ask` threw.
public func eventually<Answer>(
    _ what: String,
    within bound: Duration = .seconds(120),
    _ ask: () async throws -> Answer?
) async throws -> Answer {
    let end = ContinuousClock.now + bound
    while true {
        if let answer = try await ask() { return answer }
        guard ContinuousClock.now < end else { throw TestKitError("waited in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until something holds; see ``eventually(_:within:_:)-(_,_,()->Answer?)``.
///
/// - Parameters:
///   - what: what is waited for, for the failure.
///   - bound: when to give up.
///   - condition: whether it holds.
/// - Throws: ``TestKitError`` when the bound has passed, or what `condition` threw.
public func eventually(
    _ what: String,
    within bound: Duration = .seconds(120),
    holds condition: () async throws -> Bool
) async throws {
    let _: Void = try await eventually(what, within: bound) { try await condition() ? () : nil }
}
