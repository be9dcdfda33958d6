/// A value that prints as `<secret>` everywhere: in a description, a dump, a log line.
///
/// Reading it takes a call that reviewers can search for.
public struct Secret<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: Value

    /// Wraps a secret.
    ///
    /// - Parameter value: what must not be printed.
    public init(_ value: Value) { self.value = value }

    /// The secret itself, for the one place that needs it.
    ///
    /// - Returns: the wrapped value.
    public func reveal() -> Value { value }

    /// Always `<secret>`.
    public var description: String { "<secret>" }

    /// Always `<secret>`.
    public var debugDescription: String { "<secret>" }

    /// No children, so that `dump` and string interpolation of an enclosing struct show nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
