import StrictJSON

/// What an RP says about a 400, where it says it as the specification asks.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.8, a JSON object with `error` and `error_description`; of what was
/// pushed RFC 8935 §2.3, one with `err` and `description`.
/// Anything else, a body that is cut after 8 KiB included, is no explanation; it is never kept. What looks
/// like a token is cut out; see ``TokenTrace``.
package struct Explanation {
    package let error: String?
    package let description: String?

    /// - Parameters:
    ///   - body: as far as it came.
    ///   - push: the headers of a push, whose credential is cut out; `nil` for what was no push.
    package init(_ body: [UInt8], push: PushHeaders? = nil) {
        guard !body.isEmpty, case .object(let object)? = try? JSON.parse(body) else {
            error = nil
            description = nil
            return
        }
        let names =
            push == nil ? (code: "error", text: "error_description") : (code: "err", text: "description")
        error = Self.text(object[names.code], push, maximumBytes: 255)
        description = Self.text(object[names.text], push, maximumBytes: 1_000)
    }

    private static func text(_ value: JSON?, _ push: PushHeaders?, maximumBytes: Int) -> String? {
        guard case .string(let text)? = value else { return nil }
        let bytes = Array(text.utf8)
        // The credential first: it may be a part of what looks like a token.
        let open = push?.removed(from: bytes) ?? bytes
        return boundedText(TokenTrace.removed(from: open), maximumBytes: maximumBytes)
    }
}

/// Text from somewhere else, made harmless: valid UTF-8, control characters replaced by U+FFFD, cut at a
/// character's boundary.
///
/// - Parameters:
///   - bytes: what came.
///   - maximumBytes: how many bytes of UTF-8 the text may have.
/// - Returns: the text.
func boundedText(_ bytes: some Sequence<UInt8>, maximumBytes: Int) -> String {
    var text = String.UnicodeScalarView()
    var count = 0
    for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
        let kept = isControl(scalar) ? "\u{fffd}" : scalar
        count += UTF8.width(kept)
        guard count <= maximumBytes else { break }
        text.append(kept)
    }
    return String(text)
}

/// C0, DEL, C1, the line and paragraph separators, and what turns the direction of text.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
}
