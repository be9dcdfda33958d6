/// Objects and arrays: each required, and each optional.
extension ObjectReader {
    /// A reader for an object; whoever takes it finishes it.
    public mutating func object(_ name: String) throws(JSONError) -> ObjectReader {
        try ObjectReader(try requiredValue(name), at: JSONPointer.member(name, of: pointer))
    }

    /// A reader for an object, or `nil`; whoever takes it finishes it.
    public mutating func optionalObject(_ name: String) throws(JSONError) -> ObjectReader? {
        guard let value = presentValue(name) else { return nil }
        return try ObjectReader(value, at: JSONPointer.member(name, of: pointer))
    }

    /// The elements of an array of at most `maximumCount`.
    public mutating func array(_ name: String, maximumCount: Int) throws(JSONError) -> [JSON] {
        try elements(try requiredValue(name), name, maximumCount)
    }

    /// The elements of an array of at most `maximumCount`, or `nil`.
    public mutating func optionalArray(_ name: String, maximumCount: Int) throws(JSONError) -> [JSON]? {
        guard let value = presentValue(name) else { return nil }
        return try elements(value, name, maximumCount)
    }

    /// A reader for each object of an array; whoever takes them finishes them.
    public mutating func objects(_ name: String, maximumCount: Int) throws(JSONError) -> [ObjectReader] {
        try readers(try array(name, maximumCount: maximumCount), name)
    }

    /// A reader for each object of an array, or `nil`; whoever takes them finishes them.
    public mutating func optionalObjects(
        _ name: String,
        maximumCount: Int
    ) throws(JSONError) -> [ObjectReader]? {
        guard let elements = try optionalArray(name, maximumCount: maximumCount) else { return nil }
        return try readers(elements, name)
    }

    /// The strings of an array, each of at most `maximumBytes` bytes of UTF-8.
    public mutating func stringArray(
        _ name: String,
        maximumCount: Int,
        maximumBytes: Int,
        text: TextRule = .line
    ) throws(JSONError) -> [String] {
        try strings(try array(name, maximumCount: maximumCount), name, maximumBytes, text)
    }

    /// The strings of an array, each of at most `maximumBytes` bytes of UTF-8, or `nil`.
    public mutating func optionalStringArray(
        _ name: String,
        maximumCount: Int,
        maximumBytes: Int,
        text: TextRule = .line
    ) throws(JSONError) -> [String]? {
        guard let elements = try optionalArray(name, maximumCount: maximumCount) else { return nil }
        return try strings(elements, name, maximumBytes, text)
    }

    /// The numbers of an array that is not empty, each in a range, or `nil`.
    public mutating func optionalDoubleArray(
        _ name: String,
        maximumCount: Int,
        _ range: ClosedRange<Double>
    ) throws(JSONError) -> [Double]? {
        guard let elements = try optionalArray(name, maximumCount: maximumCount) else { return nil }
        guard !elements.isEmpty else { throw error(name, .empty) }
        var numbers: [Double] = []
        for (index, element) in elements.enumerated() {
            numbers.append(try number(element, at: elementPointer(name, index), range))
        }
        return numbers
    }

    private func elements(
        _ value: JSON,
        _ name: String,
        _ maximumCount: Int
    ) throws(JSONError) -> [JSON] {
        guard case .array(let elements) = value else { throw error(name, .wrongType(expected: .array)) }
        guard elements.count <= maximumCount else { throw error(name, .tooMany(maximumCount: maximumCount)) }
        return elements
    }

    private func readers(_ elements: [JSON], _ name: String) throws(JSONError) -> [ObjectReader] {
        var readers: [ObjectReader] = []
        readers.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            readers.append(try ObjectReader(element, at: elementPointer(name, index)))
        }
        return readers
    }

    private func strings(
        _ elements: [JSON],
        _ name: String,
        _ maximumBytes: Int,
        _ text: TextRule
    ) throws(JSONError) -> [String] {
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let string) = element else {
                throw .member(pointer: elementPointer(name, index), problem: .wrongType(expected: .string))
            }
            if let problem = problem(with: string, maximumBytes, text) {
                throw .member(pointer: elementPointer(name, index), problem: problem)
            }
            strings.append(string)
        }
        return strings
    }

    private func elementPointer(_ name: String, _ index: Int) -> String {
        JSONPointer.element(index, of: JSONPointer.member(name, of: pointer))
    }
}
