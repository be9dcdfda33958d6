import Logging
import LogoutModel
import LogoutTokens
import Outbox

/// What stands around a page, and what belongs to none.
extension OperatorConsole {
    /// The assets with the beginnings of their hashes: a browser keeps one for as long as it is the same.
    private typealias Asset = (type: String, version: String, body: [UInt8])
    private static let assets: [String: Asset] = Dictionary(
        uniqueKeysWithValues: PageText.assets.map { name, text -> (String, Asset) in
            let body = Array(text.utf8)
            let type =
                name.hasSuffix(".css")
                ? "text/css; charset=utf-8"
                : name.hasSuffix(".js") ? "text/javascript; charset=utf-8" : "image/svg+xml"
            return (name, (type, String(Base64.urlEncode(Digests.sha256(body)).prefix(12)), body))
        }
    )

    func asset(_ segments: [String], _ request: ConsoleRequest) throws -> ConsoleResponse {
        guard segments.count == 2, request.method == "GET", let asset = Self.assets[segments[1]] else {
            throw ConsoleProblem.notFound
        }
        // The page may be a newer process's: what this one has must not be kept under that one's version.
        let isKept = FormFields(request.query)["v"] == asset.version
        return ConsoleResponse(status: 200, contentType: asset.type, body: asset.body, isKept: isKept)
    }

    /// The main part of a page.
    func main(_ page: Page, _ visitor: Visitor, _ issuer: String?, _ request: ConsoleRequest) -> String {
        var view = page.view
        view["base"] = issuer.map { "/console/i/\($0)" } ?? "/console"
        view["issuer_name"] = issuer
        view["csrf"] = visitor.token
        view["may_operate"] = visitor.scopes.contains(.operate)
        view["may_change"] = visitor.scopes.contains(.clients)
        view["may_administer"] = visitor.scopes.contains(.admin)
        if let done = FormFields(request.query)["done"].flatMap(Done.init(rawValue:)) {
            view["done"] = done.text
        }
        return pages.render(page.template, view)
    }

    func page(
        _ page: Page,
        _ visitor: Visitor,
        issuer: String?,
        _ request: ConsoleRequest,
        status: Int = 200
    ) -> ConsoleResponse {
        var view: View = [
            "title": page.title, "main": main(page, visitor, issuer, request), "csrf": visitor.token,
            "visitor": visitor.name,
            "role": visitor.role,
            "live": page.isLive, "is_operator": visitor.isOperator,
        ]
        if let issuer {
            let base = "/console/i/\(issuer)"
            view["issuer"] = issuer
            view["base"] = base
            view["nav"] = Self.places.map { place, name -> View in
                [
                    "href": place.isEmpty ? base : "\(base)/\(place)", "name": name,
                    "current": place == page.place,
                ]
            }
        }
        return document("layout", view, status: status)
    }

    private static let places = [
        ("", "Overview"), ("events", "Events"), ("clients", "Clients"), ("failed", "Failed"),
        ("where", "Where"),
        ("keys", "Keys"), ("audit", "Audit"),
    ]

    /// A page for somebody who is not signed in.
    func bare(_ template: String, title: String, status: Int, _ view: View) -> ConsoleResponse {
        document("bare", ["title": title, "main": pages.render(template, view)], status: status)
    }

    private func document(_ template: String, _ view: View, status: Int) -> ConsoleResponse {
        var view = view
        for (name, asset) in Self.assets {
            view["asset_" + name.split(separator: ".").joined(separator: "_")] =
                "/console/assets/\(name)?v=\(asset.version)"
        }
        return ConsoleResponse(
            status: status,
            contentType: "text/html; charset=utf-8",
            body: Array(pages.render(template, view).utf8)
        )
    }

    // MARK: - In and out

    /// What somebody gets who is not signed in: the way in, and from there back to where they wanted to go.
    func turnedAway(_ request: ConsoleRequest) -> ConsoleResponse {
        guard request.method == "GET", !request.isForStream else {
            return bare(
                "problem",
                title: "Signed out",
                status: 401,
                [
                    "heading": "Signed out",
                    "detail": "The session is over, or its key is. Nothing was done.", "sign_in": true,
                ]
            )
        }
        let wanted = request.path + (request.query.isEmpty ? "" : "?\(request.query)")
        let next = wanted == Self.root ? "" : "?next=\(FormFields.encoded(wanted))"
        var response = ConsoleResponse.redirect(to: "/console/sign-in\(next)")
        if request.cookie(settings.sessionCookie) != nil {
            response.headers.append(settings.cookie(settings.sessionCookie, "", seconds: 0))
        }
        return response
    }

    func unsafeListener() -> ConsoleResponse {
        bare(
            "problem",
            title: "Not without TLS",
            status: 403,
            [
                "heading": "Not without TLS",
                "detail":
                    "This listener is open to other machines and has no TLS: an API key that is typed in here could be read on the way. "
                    + "Set tls_certificate_file and tls_private_key_file, or console_behind_tls where TLS ends in front of Lastcall.",
            ]
        )
    }

    func signIn(_ request: ConsoleRequest) async throws -> ConsoleResponse {
        guard request.method == "POST" else {
            return try signInPage(next: FormFields(request.query)["next"])
        }
        guard let body = await request.body(Self.bodyLimit) else { throw ConsoleProblem.tooLarge }
        let form = FormFields(String(decoding: body, as: UTF8.self))
        let next = form["next"]
        guard let secret = SessionDesk.secret(in: request.cookie(settings.signInCookie)),
            Self.isFromHere(request),
            SessionDesk.isToken(form["csrf"], of: secret, for: "sign-in")
        else {
            return try signInPage(next: next, problem: "The form was out of date. Try again.", status: 403)
        }
        let old = SessionDesk.secret(in: request.cookie(settings.sessionCookie))
        switch await desk.signIn(with: form["key"] ?? "", replacing: old) {
        case .opened(let cookie, let keyID):
            logger.notice(
                "signed in to the console",
                metadata: ["api_key": "\(keyID?.lowercased ?? "operator")"]
            )
            var response = ConsoleResponse.redirect(to: Self.isPlace(next) ? next ?? Self.root : Self.root)
            let seconds = Int(settings.life.longest.components.seconds)
            response.headers.append(settings.cookie(settings.sessionCookie, cookie, seconds: seconds))
            response.headers.append(settings.cookie(settings.signInCookie, "", seconds: 0))
            return response
        case .refused:
            logger.notice("a sign-in to the console was refused")
            return try signInPage(next: next, problem: "This is no API key that holds.", status: 401)
        case .tooMany:
            let text = "Too many keys were wrong of late. Wait a minute."
            return try signInPage(next: next, problem: text, status: 429)
        case .unavailable:
            return try signInPage(next: next, problem: ConsoleProblem.unavailable.detail, status: 503)
        }
    }

    private func signInPage(next: String?, problem: String? = nil, status: Int = 200) throws
        -> ConsoleResponse
    {
        let (secret, cookie) = try SessionDesk.newSecret()
        var view: View = ["csrf": SessionDesk.token(of: secret, for: "sign-in")]
        if let next, Self.isPlace(next) { view["next"] = next }
        if let problem { view["problem"] = problem }
        var response = bare("sign-in", title: "Sign in", status: status, view)
        response.headers.append(settings.cookie(settings.signInCookie, cookie, seconds: 600))
        if status == 429 { response.headers.append(("Retry-After", "60")) }
        return response
    }

    /// Whether a path leads to a page here: nothing that a browser could take for another host.
    private static func isPlace(_ path: String?) -> Bool {
        guard let path, owns(String(path.prefix { $0 != "?" })), path.utf8.count <= 2_000 else {
            return false
        }
        return path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }

    func signOut(_ visitor: Visitor) async throws -> ConsoleResponse {
        try await desk.signOut(visitor)
        var response = ConsoleResponse.redirect(to: "/console/sign-in")
        response.headers.append(settings.cookie(settings.sessionCookie, "", seconds: 0))
        // What a browser has kept of the pages goes too.
        response.headers.append(("Clear-Site-Data", "\"cache\""))
        return response
    }
}
