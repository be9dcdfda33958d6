public import Testing

/// Waits until a condition holds: the only place where a test lets time pass.
///
/// A wait in vain is recorded as an issue instead of hanging.
///
/// - Parameters:
///   - what: what is waited for, in words.
///   - limit: generous; a test that passes never sees it.
///   - sourceLocation: where the wait stands in the test.
///   - condition: asked again and again, a few milliseconds apart.
/// - Throws: what `condition` or a cancelled task throws.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("waited in vain for: \(what)", sourceLocation: sourceLocation)
}
