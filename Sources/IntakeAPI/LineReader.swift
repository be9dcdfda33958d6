/// Cuts a body into lines as it arrives. Holds no more than one line, and of one that is too long nothing.
package struct LineReader {
    /// A line without its end, which may be CRLF.
    package enum Line: Sendable, Hashable {
        case whole([UInt8])
        /// Longer than what is read.
        case tooLong
    }

    /// The longest line, in bytes, without its end.
    package let maximumBytes: Int
    private var begun: [UInt8] = []
    private var isTooLong = false
    private var isEmpty = true

    /// - Parameter maximumBytes: of the longest line, without its end.
    package init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// The lines that end in the next piece of the body.
    package mutating func lines(endingIn chunk: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            lines.append(line())
            rest = rest[(end + 1)...]
        }
        take(rest)
        return lines
    }

    /// The line that the body ends in without a line feed, if there is one.
    package mutating func last() -> Line? {
        isEmpty ? nil : line()
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        isEmpty = false
        // One byte more than allowed may be the CR of the line's end.
        guard !isTooLong, begun.count + bytes.count <= maximumBytes + 1 else {
            isTooLong = true
            begun = []
            return
        }
        begun += bytes
    }

    private mutating func line() -> Line {
        defer {
            begun = []
            isTooLong = false
            isEmpty = true
        }
        if begun.last == UInt8(ascii: "\r") { begun.removeLast() }
        return isTooLong || begun.count > maximumBytes ? .tooLong : .whole(begun)
    }
}
