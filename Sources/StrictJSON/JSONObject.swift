/// The members of a JSON object: in order, no name twice, looked up by bytes in constant time.
public struct JSONObject: Sendable {
    /// One member.
    public struct Member: Sendable, Hashable {
        /// The unescaped name.
        public let name: String
        /// What it holds.
        public let value: JSON
    }

    /// All members, in the order in which they were written.
    public private(set) var members: [Member] = []

    /// Positions by name, kept only where a scan of the members would cost more.
    private var positions: [ByteKey: Int] = [:]

    /// Up to this many members a scan is faster than a hash.
    private static let scanLimit = 8

    /// An object without members.
    public init() {}

    /// The value of the member of this name, compared by bytes.
    public subscript(name: String) -> JSON? {
        position(of: name).map { members[$0].value }
    }

    /// Where a member stands in ``members``; `nil` where there is none of this name.
    public func position(of name: String) -> Int? {
        guard members.count <= Self.scanLimit else { return positions[ByteKey(text: name)] }
        return members.firstIndex { sameBytes($0.name, name) }
    }

    /// Adds a member at the end.
    ///
    /// - Returns: false, and nothing is added, where a member of this name is there already.
    public mutating func append(_ name: String, _ value: JSON) -> Bool {
        guard position(of: name) == nil else { return false }
        members.append(Member(name: name, value: value))
        if members.count == Self.scanLimit + 1 {
            for (position, member) in members.enumerated() {
                positions[ByteKey(text: member.name)] = position
            }
        } else if members.count > Self.scanLimit {
            positions[ByteKey(text: name)] = members.count - 1
        }
        return true
    }
}

extension JSONObject.Member {
    /// Whether name and value are the same, names compared by bytes.
    public static func == (left: Self, right: Self) -> Bool {
        sameBytes(left.name, right.name) && left.value == right.value
    }

    /// Feeds what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combineBytes(of: name)
        hasher.combine(value)
    }
}

extension JSONObject: Hashable {
    /// Whether two objects have the same members, in whatever order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count
            && left.members.allSatisfy { member in right[member.name] == member.value }
    }

    /// Feeds what `==` compares: a sum, so that the order does not matter.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(members.reduce(0) { $0 &+ $1.hashValue })
    }
}
