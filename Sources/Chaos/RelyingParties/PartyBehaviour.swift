/// What a relying party does with the next request, or the next connection.
package enum PartyBehaviour: Sendable, Hashable {
    /// Answers 200 or 204.
    case ok(Int)
    /// Answers with any status, and these header lines.
    case status(Int, headers: [String])
    /// Reads the request and never answers.
    case hang
    /// Resets the connection as soon as it is accepted.
    case resetOnAccept
    /// Reads the request, then resets the connection.
    case resetAfterRequest
    /// Resets the connection in the middle of the answer.
    case resetMidAnswer
    /// Reads the request, acts on it, and closes without a byte.
    case answerLost
    /// Answers at this pace.
    case drip(bytesPerSecond: Int)
    /// Answers 200 with a body that has no end.
    case endlessBody
    /// Answers 200 with headers that have no end.
    case hugeHeaders
    /// Accepts the connection and never speaks TLS.
    case stallTLS
    /// Nobody listens; the port stays the party's own.
    case closedPort
    /// Answers 200 after this long.
    case slow(Duration)

    /// 200, at once.
    package static let ok = PartyBehaviour.ok(200)
}
