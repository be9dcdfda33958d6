/// A name and its value in one call; `nil` is written as `null`, never left out.
extension JSONWriter {
    /// A member that holds a string.
    public mutating func member(_ name: String, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// A member that holds a whole number.
    public mutating func member(_ name: String, _ value: (some BinaryInteger)?) {
        self.name(name)
        if let value { int(value) } else { null() }
    }

    /// A member that holds a number.
    public mutating func member(_ name: String, _ value: Double?) {
        self.name(name)
        if let value { double(value) } else { null() }
    }

    /// A member that holds `true` or `false`.
    public mutating func member(_ name: String, _ value: Bool?) {
        self.name(name)
        if let value { bool(value) } else { null() }
    }

    /// A member that holds an array of strings.
    public mutating func member(_ name: String, _ values: some Sequence<String>) {
        self.name(name)
        array { writer in
            for value in values { writer.string(value) }
        }
    }

    /// A member that holds `null`.
    public mutating func nullMember(_ name: String) {
        self.name(name)
        null()
    }

    /// A member that holds an object.
    public mutating func objectMember<E: Error>(
        _ name: String,
        _ members: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        self.name(name)
        try object(members)
    }

    /// A member that holds an array.
    public mutating func arrayMember<E: Error>(
        _ name: String,
        _ elements: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        self.name(name)
        try array(elements)
    }
}
