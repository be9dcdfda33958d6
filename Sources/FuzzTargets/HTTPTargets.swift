import DeliveryPolicy
import FoundationEssentials
import IntakeAPI
import LogoutModel
import RelyingPartyClient

/// A place reads as one kind at most and survives its writing; a signature is only that of its own list.
func readCursor(_ bytes: [UInt8]) throws(BrokenProperty) {
    var kinds = 0
    if let id = Cursor.id(bytes) {
        kinds += 1
        try require(Cursor.content(id) == bytes, "an id survives its writing")
    }
    if let name = Cursor.name(bytes) {
        kinds += 1
        try require(Cursor.content(name) == bytes, "a name survives its writing")
    }
    if let number = Cursor.number(bytes) {
        kinds += 1
        try require(Cursor.content(number) == bytes, "a number survives its writing")
    }
    try require(kinds <= 1, "a place is of one kind")
    let signer = CursorSigner(secret: [1, 2, 3], path: "/v1/things", issuer: 1)
    let other = CursorSigner(secret: [1, 2, 3], path: "/v1/things", issuer: 11)
    if !bytes.isEmpty {
        try require(signer.content(signer.text(bytes)) == bytes, "a signed place reads back")
        try require(other.content(signer.text(bytes)) == nil, "another list's place is none")
    }
    guard let text = text(bytes), let content = signer.content(text) else { return }
    try require(isSame(signer.text(content), bytes), "a cursor has one spelling")
}

/// A wait is none, or between nothing and ten years; blanks around it do not matter.
func readRetryAfter(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let first = bytes.first, let value = text(Array(bytes.dropFirst())) else { return }
    // From 1970 to about 2480.
    let now = Int64(first) * 63_000_000
    let wait = RetryAfter.parse(value, secondsSince1970: now)
    if let wait { try require((.zero ... .seconds(315_360_000)).contains(wait), "a wait is up to ten years") }
    try require(RetryAfter.parse(" \(value)\t", secondsSince1970: now) == wait, "blanks do not matter")
}

/// A wait is one that is granted, and another preference before it changes nothing.
func readPrefer(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let field = text(bytes) else { return }
    let wait = Preference.wait([field])
    if let wait { try require((1...Preference.longestWait).contains(wait), "a wait is one that is granted") }
    try require(Preference.wait(["respond-async, \(field)"]) == wait, "what stands before does not matter")
    try require(Preference.wait(["return=minimal", field]) == wait, "nor in which field")
}

/// A trace id is 32 lower-case digits of the header, not all zero.
func readTraceParent(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let header = text(bytes), let id = TraceParent.context([header])?.traceID else { return }
    let isHex = id.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    try require(id.utf8.count == 32 && isHex, "a trace id is 32 hexadecimal digits")
    try require(id.utf8.contains { $0 != UInt8(ascii: "0") }, "a trace id is not zero")
    try require(isSame(id, Array(bytes.dropFirst(3).prefix(32))), "a trace id is that of the header")
}

/// A query is cut at its bytes: nobody else reads other members out of it.
func readQuery(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let query = text(bytes) else { return }
    var expected: [String: [String]] = [:]
    var isWellEncoded = true
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
        let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = sides.map { percentDecoded(String(decoding: $0, as: UTF8.self), plusIsSpace: true) }
        if let name = decoded[0], let value = decoded.count > 1 ? decoded[1] : "" {
            expected[name, default: []].append(value)
        } else {
            isWellEncoded = false
        }
    }
    guard var reader = try? QueryReader(query, cursors: nil) else {
        try require(!isWellEncoded, "a well encoded query is read")
        return
    }
    try require(isWellEncoded, "a query is read only where it is well encoded")
    for (name, values) in expected {
        try require(reader.all(name) == values, "the query is read as it is cut at its bytes")
    }
    try require((try? reader.finish()) != nil, "a query has no member but those between its signs")
}

/// A segment survives its encoding, and a path fits at most the template of its own shape.
func readPath(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let path = text(bytes) else { return }
    let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .map { Substring($0) }
    let template = PathTemplate("/v1/issuers/{issuer}/clients/{client_id}")
    if let found = template.match(segments) {
        try require(Set(found.keys) == ["issuer", "client_id"], "each parameter is found")
        try require(
            segments.count == 5 && segments[0].utf8.elementsEqual("v1".utf8),
            "what is fixed is there"
        )
    }
    if let decoded = percentDecoded(path) {
        let encoded = decoded.utf8.map { "%\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }.joined()
        try require(
            percentDecoded(encoded).map { isSame($0, Array(decoded.utf8)) } == true,
            "a segment survives its encoding"
        )
        try require(decoded.utf8.count <= bytes.count, "decoding makes nothing longer")
    }
}

/// Lines do not depend on how their bytes arrive; the first byte says how.
func readLines(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let first = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    var whole = LineReader(maximumBytes: 16)
    let expected = whole.lines(endingIn: body) + [whole.last()].compactMap { $0 }
    var pieces = LineReader(maximumBytes: 16)
    var found: [LineReader.Line] = []
    var rest = body[...]
    while !rest.isEmpty {
        let piece = Array(rest.prefix(1 + Int(first) % 23))
        rest = rest.dropFirst(piece.count)
        found += pieces.lines(endingIn: piece)
    }
    found += [pieces.last()].compactMap { $0 }
    try require(found == expected, "lines do not depend on how they arrive")
    for case .whole(let line) in found {
        try require(
            line.count <= 16 && !line.contains(UInt8(ascii: "\n")),
            "a line is a line, and not too long"
        )
    }
}

/// A time survives its writing.
func readTimestamp(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes), let time = Timestamp(text: text) else { return }
    try require(Timestamp(text: time.text) == time, "a time survives its writing")
}

/// What an RP says is short, and harmless wherever it is shown.
func readExplanation(_ bytes: [UInt8]) throws(BrokenProperty) {
    try check(Explanation(bytes))
}

/// The same of what a receiver says, and its credential is not in it.
func readPushExplanation(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let headers = PushHeaders(authorization: "Bearer pa55word") else {
        throw BrokenProperty("a credential makes headers")
    }
    let explanation = Explanation(bytes, push: headers)
    try check(explanation)
    for text in [explanation.error, explanation.description].compactMap({ $0 }) {
        let words = text.utf8.split(separator: UInt8(ascii: " "))
        try require(!words.contains { $0.elementsEqual("pa55word".utf8) }, "a credential is cut out")
    }
}

private func check(_ explanation: Explanation) throws(BrokenProperty) {
    try require(explanation.error?.utf8.count ?? 0 <= 255, "an error is short")
    try require(explanation.description?.utf8.count ?? 0 <= 1_000, "a description is short")
    for text in [explanation.error, explanation.description].compactMap({ $0 }) {
        let isHarmless = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        try require(isHarmless, "no control character is kept")
        let words = text.utf8.split { !isTokenByte($0) }
        let isClean = words.allSatisfy { $0.count < 40 && !($0.count >= 8 && $0.starts(with: "eyJ".utf8)) }
        try require(isClean, "nothing is kept that looks like a token")
    }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
    default: false
    }
}
