import LogoutModel
import StrictJSON

/// What a template is filled with.
typealias View = [String: Any]

/// Turns what the API answers into what templates show. Times, words with a tone and ids in addresses are made here, once for all pages.
struct ViewMaker: Sendable {
    let now: Timestamp

    private static let words: Set<String> = [
        "status", "outcome", "state", "breaker", "severity", "stage", "session_durability", "reason",
    ]
    private static let identifiers: Set<String> = [
        "client_id", "sub", "sid", "session_id", "user_id", "kid", "reason_text", "name",
    ]

    /// An object, its members by name; what is null is not there.
    func view(_ json: JSON?) -> View {
        var view = View()
        for member in json?.members ?? [] {
            let name = member.name
            switch member.value {
            case .null: continue
            case .string(let text):
                view[name] = show(name, text)
                if name == "status" || name == "reason" { view["\(name)_text"] = text }
                if Self.identifiers.contains(name) { view["\(name)_url"] = FormFields.encoded(text) }
                if name == "id" || name.hasSuffix("_id"), text.utf8.count == 36 {
                    view["\(name)_short"] = Self.short(text)
                }
            case .number(let number): view[name] = number.int.map { Self.grouped($0) } ?? number.text
            case .bool(let value): view[name] = value
            case .array(let elements):
                if !elements.isEmpty {
                    view[name] = elements.map { element -> Any in
                        element.members.isEmpty ? element.text ?? "" : self.view(element)
                    }
                }
            case .object: view[name] = self.view(member.value)
            }
        }
        return view
    }

    func views(_ json: JSON?) -> [View] { (json?.elements ?? []).map { view($0) } }

    private func show(_ name: String, _ text: String) -> Any {
        if name.hasSuffix("_at") || name == "deliver_before" || name == "since",
            let time = Timestamp(text: text)
        {
            return self.time(time)
        }
        return Self.words.contains(name) ? word(text) : text
    }

    /// The end of an id, which is what tells it from its neighbours; an event's last digits are all zero.
    static func short(_ id: String) -> String {
        let end = id.suffix(17)
        return String(end.hasSuffix("000000") ? end.dropLast(6) : end)
    }

    /// A word with its tone.
    func word(_ text: String) -> View {
        let tone = Tone(of: text)
        return [
            "word": text.split(separator: "_").joined(separator: " "), "code": text, "tone": tone.rawValue,
            "sign": tone.sign,
        ]
    }

    /// A time in UTC, and how far it is from now.
    func time(_ time: Timestamp) -> View {
        let iso = time.text
        let day = iso.prefix(10)
        let clock = iso.dropFirst(11).prefix(8)
        return ["iso": iso, "utc": "\(day) \(clock)", "ago": relative(time)]
    }

    private func relative(_ time: Timestamp) -> String {
        let seconds = Double(now.microseconds - time.microseconds) / 1e6
        let text = Self.duration(abs(seconds))
        if abs(seconds) < 2 { return "now" }
        return seconds < 0 ? "in \(text)" : "\(text) ago"
    }

    /// Seconds as people say them.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<0.001: "0 s"
        case ..<1: "\(Int((seconds * 1_000).rounded())) ms"
        case ..<120: "\(Int(seconds)) s"
        case ..<7_200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(seconds / 86_400)) days"
        }
    }

    /// Milliseconds as people say them.
    static func milliseconds(_ value: Double?) -> String? { value.map { duration(max(0, $0) / 1_000) } }

    /// A number with thin gaps between thousands.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude).utf8)
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += Array("\u{202F}".utf8) }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(decoding: text, as: UTF8.self)
    }
}
