import StrictJSON

/// The OpenAPI document as a page for people: each operation and each schema with an anchor of its own, `#listClients`
/// and `#schema-Client`. It is made from the document alone, and works without a script.
struct DocsPage {
    let document: JSON

    /// The whole page.
    var bytes: [UInt8] {
        var page = HTML()
        page.raw("<!DOCTYPE html>\n")
        page.element("html", ["lang": "en"]) { page in
            page.element("head") { head(&$0) }
            page.element("body") { page in
                page.element("a", ["class": "skip", "href": "#content"], text: "Skip to the content")
                page.element("div", ["class": "frame"]) { page in
                    page.element("nav", ["aria-label": "Contents"]) { contents(&$0) }
                    page.element("main", ["id": "content"]) { main(&$0) }
                }
            }
        }
        return Array((page.markup + "\n").utf8)
    }

    private var info: JSON? { document["info"] }
    private var title: String { "\(info?["title"]?.string ?? "") API" }

    private func head(_ page: inout HTML) {
        page.element("meta", ["charset": "utf-8"])
        page.element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        page.element("title", text: title)
        page.element("style") { $0.raw(DocsStyle.text) }
    }

    private func contents(_ page: inout HTML) {
        for (tag, operations) in groups {
            page.element("h2", text: tag)
            page.element("ul") { page in
                for operation in operations {
                    page.element("li") { page in
                        page.element("a", ["href": "#\(operation.id)", "title": operation.summary]) { page in
                            verb(operation.method, &page)
                            page.text(" ")
                            page.path(operation.shortPath)
                        }
                    }
                }
            }
        }
        page.element("h2", text: "Schemas")
        page.element("ul", ["class": "plain"]) { page in
            for name in schemas.map(\.name) {
                page.element("li") { page in
                    page.element("a", ["href": "#\(Self.anchor(ofSchema: name))"], text: name)
                }
            }
        }
    }

    private func main(_ page: inout HTML) {
        page.element("h1", text: title)
        page.element("p", ["class": "lead"], text: info?["summary"]?.string ?? "")
        page.element("p", text: info?["description"]?.string ?? "")
        page.element("p", ["class": "soft"]) { page in
            page.text("Version \(info?["version"]?.string ?? ""). For programs: ")
            page.element("a", ["href": "openapi.json"], text: "openapi.json")
            page.text(" (OpenAPI \(document["openapi"]?.string ?? "")). Calls carry an API key as ")
            page.element("code", text: "Authorization: Bearer")
            page.text("; it needs one of the scopes that an operation names. An operator's key has them all.")
        }
        for (tag, operations) in groups {
            page.element("section", ["aria-labelledby": Self.anchor(ofTag: tag)]) { page in
                page.element("h2", ["id": Self.anchor(ofTag: tag)], text: tag)
                for operation in operations { show(operation, &page) }
            }
        }
        page.element("section", ["aria-labelledby": "refusals"]) { refusals(&$0) }
        page.element("section", ["aria-labelledby": "schemas"]) { page in
            page.element("h2", ["id": "schemas"], text: "Schemas")
            for (name, schema) in schemas { show(schema, named: name, &page) }
        }
        page.element("footer", text: "Made by the process that serves it, from the routes that it serves.")
    }

    /// The refusals that many operations share, with the codes of each.
    private func refusals(_ page: inout HTML) {
        page.element("h2", ["id": "refusals"], text: "Refusals")
        page.element("p") { page in
            page.text("Each is a ")
            link(toSchema: "Problem", &page)
            page.text(
                " as application/problem+json. Branch on its code, which is stable, and never on its text."
            )
        }
        page.element("div", ["class": "card"]) { page in
            page.element("table", ["class": "status"]) { page in
                page.element("tbody") { page in
                    for refusal in OpenAPIDocument.refusals {
                        page.element("tr") { page in
                            page.element("th", ["scope": "row"], text: "\(refusal.status)")
                            page.element("td") { page in
                                page.element("p", text: refusal.title)
                                page.element("p") { page in
                                    for code in refusal.codes { word(code, &page) }
                                    if let header = refusal.header {
                                        page.element("span", ["class": "soft"], text: " with \(header)")
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The named schemas, in their order.
    private var schemas: [(name: String, schema: JSON)] {
        document["components"]?["schemas"]?.members.map { ($0.name, $0.value) } ?? []
    }

    func verb(_ method: String, _ page: inout HTML) {
        page.element("span", ["class": "verb \(method)"], text: method.uppercased())
    }

    func word(_ word: String, _ page: inout HTML) {
        page.element("code", ["class": "word"], text: word)
        page.text(" ")
    }

    func link(toSchema name: String, _ page: inout HTML) {
        page.element("a", ["href": "#\(Self.anchor(ofSchema: name))"], text: name)
    }

    static func anchor(ofSchema name: String) -> String { "schema-\(name)" }

    private static func anchor(ofTag tag: String) -> String {
        "tag-" + tag.lowercased().map { $0 == " " ? "-" : String($0) }.joined()
    }
}
