extension JSON {
    /// The value as bytes without white space, members in their order, numbers as they were written.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.json(self)
        return writer.bytes
    }

    /// The value in the one form that all its spellings share: for hashes, such as an idempotency key's or
    /// a JWK thumbprint's.
    ///
    /// Members stand in the order of their names' UTF-16 code units and numbers in their shortest form, as
    /// RFC 8785 §3.2 prescribes. It departs from RFC 8785 where that loses digits: an integer that fits 64
    /// bits keeps all of them, and a number beyond the largest double stays as it was written.
    public func canonical() -> [UInt8] {
        var writer = JSONWriter()
        writer.canonicalJSON(self)
        return writer.bytes
    }
}

extension JSONWriter {
    /// A whole value, its numbers as they were written.
    public mutating func json(_ value: JSON) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let value): raw(value.text.utf8)
        case .string(let value): string(value)
        case .array(let elements):
            array { writer in
                for element in elements { writer.json(element) }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members {
                    writer.name(member.name)
                    writer.json(member.value)
                }
            }
        }
    }

    /// A whole value in canonical form; see ``JSON/canonical()``.
    mutating func canonicalJSON(_ value: JSON) {
        switch value {
        case .null, .bool, .string: json(value)
        case .number(let number): canonicalNumber(number)
        case .array(let elements):
            array { writer in
                for element in elements { writer.canonicalJSON(element) }
            }
        case .object(let object):
            let sorted = object.members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
            self.object { writer in
                for member in sorted {
                    writer.name(member.name)
                    writer.canonicalJSON(member.value)
                }
            }
        }
    }

    private mutating func canonicalNumber(_ number: JSONNumber) {
        if let value = number.int {
            int(value)
        } else if let value = number.double {
            double(value)
        } else {
            raw(number.text.utf8)
        }
    }
}
