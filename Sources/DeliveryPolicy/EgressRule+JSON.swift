public import StrictJSON

/// The rule of an issuer as a JSON object: only the lists that have entries.
extension EgressRule {
    /// Reads the object that a member holds; an absent one says nothing.
    ///
    /// - Parameters:
    ///   - name: the member's name.
    ///   - body: the object that has it.
    /// - Throws: ``JSONError`` with the pointer of the entry at fault.
    public init(readingMember name: String, of body: inout ObjectReader) throws(JSONError) {
        guard var reader = try body.optionalObject(name) else {
            self = .none
            return
        }
        try self.init(reading: &reader) { Self.opensNothing($0) }
    }

    /// Reads the text of a stored object.
    ///
    /// An entry that opens nothing is let through: the list of what stays closed may have grown since it was stored.
    ///
    /// - Throws: ``JSONError``.
    public init(stored text: String) throws(JSONError) {
        var reader = try ObjectReader(JSON.parse(Array(text.utf8), maximumBytes: 1_048_576))
        try self.init(reading: &reader) { _ in false }
    }

    private init(
        reading reader: inout ObjectReader,
        refusingToOpen isRefused: (AddressBlock) -> Bool
    ) throws(JSONError) {
        func block(_ element: JSON, _ member: Member) -> AddressBlock? {
            guard case .string(let text) = element else { return nil }
            return Self.block(text, of: member, source: "the issuer's egress")
        }
        allowCIDRs = try reader.entries(of: .allowCIDRs) { element in
            block(element, .allowCIDRs).flatMap { isRefused($0) ? nil : $0 }
        }
        denyCIDRs = try reader.entries(of: .denyCIDRs) { block($0, .denyCIDRs) }
        allowPorts = try reader.entries(of: .allowPorts, read: Self.port)
        denyPorts = try reader.entries(of: .denyPorts, read: Self.port)
        allowHosts = try reader.entries(of: .allowHosts, read: Self.host)
        denyHosts = try reader.entries(of: .denyHosts, read: Self.host)
        try reader.finish()
    }

    private static func port(_ element: JSON) -> UInt16? {
        guard case .number(let number) = element, let port = number.int.flatMap({ UInt16(exactly: $0) })
        else {
            return nil
        }
        return port > 0 ? port : nil
    }

    private static func host(_ element: JSON) -> HostPattern? {
        guard case .string(let text) = element else { return nil }
        return HostPattern(text)
    }

    /// The object, with the lists that have entries: blocks in canonical form, hosts in lower case.
    public var json: String {
        var writer = JSONWriter(reservingCapacity: 64)
        writer.object { writer in
            writer.list(.allowCIDRs, allowCIDRs.map(\.cidr))
            writer.list(.denyCIDRs, denyCIDRs.map(\.cidr))
            writer.list(.allowPorts, allowPorts)
            writer.list(.denyPorts, denyPorts)
            writer.list(.allowHosts, allowHosts.map(\.description))
            writer.list(.denyHosts, denyHosts.map(\.description))
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ObjectReader {
    /// The entries of a list; none where it is absent.
    fileprivate mutating func entries<Entry>(
        of member: EgressRule.Member,
        read: (JSON) -> Entry?
    ) throws(JSONError) -> [Entry] {
        let name = member.rawValue
        let elements = try optionalArray(name, maximumCount: EgressRule.maximumEntries) ?? []
        var entries: [Entry] = []
        for (index, element) in elements.enumerated() {
            guard let entry = read(element) else {
                throw .member(
                    pointer: JSONPointer.element(index, of: JSONPointer.member(name, of: pointer)),
                    problem: .breaksRule(member.rule)
                )
            }
            entries.append(entry)
        }
        return entries
    }
}

extension JSONWriter {
    fileprivate mutating func list(_ member: EgressRule.Member, _ texts: [String]) {
        if !texts.isEmpty { self.member(member.rawValue, texts) }
    }

    fileprivate mutating func list(_ member: EgressRule.Member, _ ports: [UInt16]) {
        guard !ports.isEmpty else { return }
        arrayMember(member.rawValue) { writer in
            for port in ports { writer.int(port) }
        }
    }
}
