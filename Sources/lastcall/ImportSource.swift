import Foundation

/// A file of lines, or standard input, cut into parts that one call takes; shows how far it is on a terminal.
///
/// A part ends with a line. It is read while the call takes it in, so no more than a piece of the file is in memory.
actor ImportSource {
    /// A part ends with the first line behind so many bytes; a call takes 64 MiB.
    static let partBytes = 32 << 20
    /// How much is read at once, in bytes.
    static let pieceBytes = 64 << 10

    private let handle: FileHandle
    private var progress = ProgressBar()
    /// In bytes, where it is known.
    private let size: Int?
    private var ahead: [UInt8] = []
    private var isAtEnd = false
    private var read = 0
    private var inPart = 0
    private var partIsOver = true
    private var lines = 0
    /// How many lines the parts before the present one had.
    private(set) var linesBeforePart = 0

    /// Opens a file, or standard input for `-`.
    init(_ file: String) throws {
        if file == "-" {
            handle = .standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: file) else {
                throw Failure("\(file) cannot be read")
            }
            handle = opened
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        size = file == "-" ? nil : attributes?[.size] as? Int
    }

    /// The next part, once the one before has been read to its end; `nil` behind the last.
    func nextPart() throws -> Part? {
        if ahead.isEmpty { ahead = try readPiece() }
        guard !ahead.isEmpty else { return nil }
        linesBeforePart = lines
        inPart = 0
        partIsOver = false
        return Part(source: self)
    }

    /// Ends the line on the terminal.
    func finish() {
        progress.finish()
    }

    /// The next piece of the present part.
    fileprivate func nextPiece() throws -> [UInt8]? {
        guard !partIsOver else { return nil }
        var piece = ahead
        ahead = []
        if piece.isEmpty { piece = try readPiece() }
        if inPart >= Self.partBytes, let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
            ahead = Array(piece[(end + 1)...])
            piece.removeSubrange((end + 1)...)
            partIsOver = true
        }
        guard !piece.isEmpty else {
            partIsOver = true
            return nil
        }
        inPart += piece.count
        read += piece.count
        lines += piece.count { $0 == UInt8(ascii: "\n") }
        progress.show(size.map { Double(read) / Double(max(1, $0)) }, "\(lines) lines")
        return piece
    }

    private func readPiece() throws -> [UInt8] {
        guard !isAtEnd else { return [] }
        let data = try handle.read(upToCount: Self.pieceBytes) ?? Data()
        isAtEnd = data.isEmpty
        return Array(data)
    }

    /// One part, as the body of one call.
    struct Part: AsyncSequence, Sendable {
        fileprivate let source: ImportSource

        struct Iterator: AsyncIteratorProtocol {
            fileprivate let source: ImportSource

            mutating func next() async throws -> [UInt8]? { try await source.nextPiece() }
        }

        func makeAsyncIterator() -> Iterator { Iterator(source: source) }
    }
}
