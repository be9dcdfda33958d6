import Foundation

/// What a caller may name: of another issuer, or of nobody. Each pair has the same lengths.
struct IsolationNames: Sendable {
    var issuer: String
    var client: String
    var session: String
    var kid: String
    var sub: String
    var sid: String
    var user: String
    var agent: String
    var idempotencyKey: String
    var event = ""
    var delivery = ""
    var redelivery = ""
    var accessKey = ""
    var auditEvent = ""
    /// By the route of the list.
    var cursors: [String: String] = [:]

    /// `word`: four letters that every name begins with.
    init(_ word: String) {
        issuer = word
        client = "\(word)-rp"
        session = "\(word)-session"
        kid = "\(word)-kid"
        sub = "\(word)-sub"
        sid = "\(word)-sid"
        user = "\(word)-user"
        agent = "\(word)-agent"
        idempotencyKey = "\(word)-key"
    }

    /// Names of the same form that nobody has.
    static func ofNobody(like other: IsolationNames, _ draws: inout Draws) -> IsolationNames {
        var names = IsolationNames("nobo")
        names.event = changed(other.event, at: 14..<18, &draws)
        names.delivery = names.event.dropLast(6) + "000001"
        names.redelivery = changed(other.redelivery, at: 24..<36, &draws)
        names.accessKey = changed(other.accessKey, at: 24..<36, &draws)
        names.auditEvent = changed(other.auditEvent, at: 24..<36, &draws)
        for (route, cursor) in other.cursors {
            names.cursors[route] = String(String(cursor.reversed()).prefix(cursor.count))
        }
        return names
    }

    /// An id with other digits in these places, its version left alone.
    private static func changed(_ id: String, at places: Range<Int>, _ draws: inout Draws) -> String {
        String(
            id.enumerated().map { place, digit in
                places.contains(place) && place != 14 && digit != "-"
                    ? draws.pick(Array("0123456789abcdef")) : digit
            }
        )
    }

    /// A text without what differs from call to call: the names, ids, times, cursors.
    func erased(from text: String) -> String {
        var text = text
        for id in [event, delivery, redelivery, accessKey, auditEvent] where !id.isEmpty {
            text = text.replacing(id, with: "<id>")
        }
        text = text.replacing("\"\(issuer)\"", with: "<name>").replacing("\(issuer)-", with: "<name>-")
        text = text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "<id>")
        text = text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/, with: "<time>")
        return text.replacing(/"next_cursor":"[^"]*"/, with: "<cursor>")
    }
}
