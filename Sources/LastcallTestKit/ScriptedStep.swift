/// What a ``ScriptedRelyingParty`` does with one request.
public indirect enum ScriptedStep: Sendable {
    /// Answers, and keeps the connection unless a header says `Connection: close`. `Content-Length` is added where no
    /// header frames the body.
    case status(Int, headers: [String] = [], body: String = "")
    /// Writes exactly these bytes after reading, and closes.
    case raw(String)
    /// Reads, and never answers.
    case hang
    /// Writes the text byte by byte, waiting in between, then its last byte for ever.
    case drip(String, every: Duration)
    /// Resets the connection as soon as a request could be read. Only without a path.
    case resetBeforeReading
    /// Reads the request, then resets the connection.
    case resetAfterReading
    /// Reads the request, then closes the connection.
    case closeAfterReading
    /// Answers 200 with a body that has no end: in chunks, or up to the end of the connection.
    case hugeBody(chunked: Bool)
    /// Answers 200 with headers that have no end.
    case endlessHeaders
    /// Answers with interim answers (103) that have no end.
    case endlessInterim
    /// Answers 302 with this `Location`.
    case redirect(to: String)
    /// Waits at the gate, then does the step.
    case gate(Gate, then: ScriptedStep)
    /// Looks at the request, on the connection's thread, and does what that calls for.
    case decide(@Sendable (ReceivedRequest) -> ScriptedStep)

    /// 200, no body.
    public static let ok = ScriptedStep.status(200)
}
