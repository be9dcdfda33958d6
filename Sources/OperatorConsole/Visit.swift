import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

/// One look at a page by somebody who is signed in: what its handler gets.
struct Visit: Sendable {
    let visitor: Visitor
    /// The issuer in the address; `nil`: the page is the installation's.
    let issuer: (key: Int32, name: String)?
    /// What the address says behind the page's name, decoded.
    let rest: [String]
    let query: FormFields
    /// What was sent, where something was.
    let form: FormFields
    let maker: ViewMaker
    let console: OperatorConsole

    var store: OutboxStore { console.store }

    /// The address of an issuer's pages.
    var base: String { issuer.map { "/console/i/\($0.name)" } ?? "/console" }

    /// - Throws: ``ConsoleProblem/notFound`` where the page is none of an issuer's.
    func issuerKey() throws -> Int32 {
        guard let issuer else { throw ConsoleProblem.notFound }
        return issuer.key
    }

    /// Reads from the API what belongs to the issuer.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSON {
        try await call("GET", path, FormFields.query(query), nil)
    }

    /// Reads what may not be there.
    func find(_ path: String, _ query: [(String, String?)] = []) async throws -> JSON? {
        do {
            return try await get(path, query)
        } catch let problem as ConsoleProblem where problem.status == 404 || problem.status == 400 {
            return nil
        }
    }

    /// Has the API do something to what belongs to the issuer.
    @discardableResult
    func act(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await call(method, path, "", body)
    }

    /// - Throws: ``ConsoleProblem`` where the API refuses.
    private func call(_ method: String, _ path: String, _ query: String, _ body: JSON?) async throws -> JSON {
        let prefix = issuer.map { "/v1/issuers/\($0.name)" } ?? "/v1"
        let call = ConsoleBackend.Call(method: method, path: prefix + path, query: query, body: body)
        let answer = await console.backend.call(call, visitor.keyID)
        guard (200..<300).contains(answer.status) else { throw ConsoleProblem(answer) }
        return answer.body.isEmpty
            ? .null : try JSON.parse(answer.body, maximumBytes: 1 << 24, maximumValues: 1_000_000)
    }

    /// An id of history that began so long ago.
    func floor(minutesAgo minutes: Int) -> UUID {
        UUID.floor(of: maker.now.advanced(by: .seconds(-60 * minutes)))
    }

    /// The link to the next page of a list; `nil`: there is none.
    func next(_ list: JSON, _ kept: [String]) -> String? {
        guard let cursor = list["next_cursor"]?.text else { return nil }
        return "?" + FormFields.query(kept.map { ($0, query[$0]) } + [("cursor", cursor)])
    }

    /// An id as addresses hold it.
    static func path(_ parts: String...) -> String {
        parts.map { "/" + FormFields.encoded($0) }.joined()
    }
}

/// A page that can be shown.
struct Page {
    /// The template of its main part.
    var template: String
    /// What stands in the window's title.
    var title: String
    /// Which entry of the navigation it belongs to.
    var place: String
    var view: View
    /// Whether it updates itself.
    var isLive = false
}

/// What a handler comes to.
enum Result {
    case page(Page)
    /// Something was done; the page to go on with, and what is said there.
    case done(String, Done? = nil)
}

/// What was done, in the words that the next page says.
enum Done: String {
    case cancelled, redelivered, held, released, policy, activated, retired, generated, stopped

    var text: String {
        switch self {
        case .cancelled: "Cancelled: what had not been sent will not be."
        case .redelivered: "Queued again: it is sent as soon as it is due."
        case .held: "On hold: deliveries wait until the client is released."
        case .released: "Released: what waited is being sent."
        case .policy: "The delivery policy is changed; the next attempts follow it."
        case .activated: "The key signs from now on; the one before is retired."
        case .retired: "The key is retired. It stays in the JWK Set for a while."
        case .generated:
            "A new key is there. The first of its algorithm signs at once, later ones wait for their activation."
        case .stopped: "Stopped: what had not been queued again stays as it was."
        }
    }
}
