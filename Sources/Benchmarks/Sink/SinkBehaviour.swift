/// How the sink treats those who come to a port.
public enum SinkBehaviour: Sendable, Hashable {
    /// Each POST is answered 200 at once.
    case answer
    /// POSTs are read and never answered.
    case hang
    /// Nobody listens: connections are refused, and those that there were are closed.
    case refuse
    /// Each POST is answered 200 after this time.
    case delay(milliseconds: Int)
}
