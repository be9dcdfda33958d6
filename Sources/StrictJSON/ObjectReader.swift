/// Reads the members of one object strictly: each by its name and kind, and none left unread.
///
/// Every error is a ``JSONError/member(pointer:problem:)`` that points at the member. `null` counts as absent
/// for the `optional` calls and as the wrong kind of value for the others. A reader is used once, from its
/// `init` to ``finish(ignoring:)``, which refuses members that nobody asked for.
public struct ObjectReader: Sendable {
    /// Where the object is in its document, as a JSON pointer; empty for the document itself.
    public let pointer: String

    private let object: JSONObject
    private var isRead: [Bool]

    /// A reader for an object.
    ///
    /// - Parameters:
    ///   - json: the value, which must be an object.
    ///   - pointer: where it is in its document.
    /// - Throws: ``JSONError/member(pointer:problem:)`` where the value is no object.
    public init(_ json: JSON, at pointer: String = "") throws(JSONError) {
        guard case .object(let object) = json else {
            throw .member(pointer: pointer, problem: .wrongType(expected: .object))
        }
        self.init(object, at: pointer)
    }

    init(_ object: JSONObject, at pointer: String) {
        self.object = object
        self.pointer = pointer
        isRead = Array(repeating: false, count: object.members.count)
    }

    /// The names of the members that have not been read, in order.
    public var unread: [String] {
        zip(object.members, isRead).filter { !$1 }.map(\.0.name)
    }

    /// Whether the object has a member of this name, `null` or not.
    public func has(_ name: String) -> Bool {
        object.position(of: name) != nil
    }

    /// Ends the reading.
    ///
    /// - Parameter isIgnored: whether an unread member of this name is let through; none is unless told.
    /// - Throws: ``MemberProblem/unknown`` for the first member that was not read.
    public func finish(ignoring isIgnored: (String) -> Bool = { _ in false }) throws(JSONError) {
        for (member, isRead) in zip(object.members, isRead) where !isRead && !isIgnored(member.name) {
            throw error(member.name, .unknown)
        }
    }

    /// The error for a member of this object, for rules that only the caller knows.
    public func error(_ name: String, _ problem: MemberProblem) -> JSONError {
        .member(pointer: JSONPointer.member(name, of: pointer), problem: problem)
    }

    /// Any value, marked as read; `nil` where the member is absent.
    public mutating func value(_ name: String) -> JSON? {
        guard let position = object.position(of: name) else { return nil }
        isRead[position] = true
        return object.members[position].value
    }

    /// Any value but `null`, marked as read; `nil` where the member is absent or `null`.
    mutating func presentValue(_ name: String) -> JSON? {
        let value = value(name)
        return value == .null ? nil : value
    }

    /// Any value, marked as read.
    mutating func requiredValue(_ name: String) throws(JSONError) -> JSON {
        guard let value = value(name) else { throw error(name, .missing) }
        return value
    }
}
