import StrictJSON

extension DocsPage {
    /// One operation of the document.
    struct Described {
        let method: String
        let path: String
        let json: JSON
        /// A call that Lastcall makes, not one that it answers.
        var isWebhook = false

        var id: String { json["operationId"]?.string ?? "" }
        var summary: String { json["summary"]?.string ?? "" }

        /// The path without what all have in common, for the contents.
        var shortPath: String {
            let prefix = "/v1/issuers/{issuer}/"
            return path.hasPrefix(prefix) ? "/" + path.dropFirst(prefix.count) : path
        }
    }

    /// The operations by tag, in the order of the document.
    var groups: [(tag: String, operations: [Described])] {
        var order: [String] = []
        var byTag: [String: [Described]] = [:]
        func add(_ operation: Described, to tag: String) {
            if byTag[tag] == nil { order.append(tag) }
            byTag[tag, default: []].append(operation)
        }
        for path in document["paths"]?.members ?? [] {
            for method in path.value.members {
                let operation = Described(method: method.name, path: path.name, json: method.value)
                add(operation, to: method.value["tags"]?.elements.first?.string ?? "others")
            }
        }
        for hook in document["webhooks"]?.members ?? [] {
            for method in hook.value.members {
                add(
                    .init(method: method.name, path: hook.name, json: method.value, isWebhook: true),
                    to: "webhooks"
                )
            }
        }
        return order.map { ($0, byTag[$0] ?? []) }
    }

    func show(_ operation: Described, _ page: inout HTML) {
        page.element("article", ["class": "card", "id": operation.id]) { page in
            page.element("h3") { page in
                page.element("a", ["href": "#\(operation.id)"]) { page in
                    verb(operation.method, &page)
                    page.text(" ")
                    page.element("code") { page in
                        if operation.isWebhook {
                            page.text(operation.path)
                        } else {
                            page.path(operation.path)
                        }
                    }
                }
            }
            page.element("p", text: operation.summary)
            if let about = operation.json["description"]?.string {
                page.element("p", ["class": "soft"], text: about)
            }
            if !operation.isWebhook { access(to: operation, &page) }
            parameters(of: operation, &page)
            body(of: operation, &page)
            answers(of: operation, &page)
        }
    }

    private func access(to operation: Described, _ page: inout HTML) {
        let requirements = operation.json["security"]?.elements ?? []
        let scopes = requirements.flatMap { $0["apiKey"]?.elements ?? [] }.compactMap(\.string)
        page.element("p", ["class": "soft"]) { page in
            guard !requirements.isEmpty else { return page.text("No API key is needed.") }
            guard !scopes.isEmpty else { return page.text("Any API key.") }
            page.text(scopes == ["operator"] ? "Needs an API key of an " : "Needs an API key with ")
            for (place, scope) in scopes.enumerated() {
                if place > 0 { page.text(" or ") }
                page.element("code", ["class": "scope"], text: scope)
            }
            page.text(".")
        }
    }

    private func parameters(of operation: Described, _ page: inout HTML) {
        let parameters = operation.json["parameters"]?.elements ?? []
        for (place, title) in [
            ("path", "In the path"), ("query", "In the query"), ("header", "Header fields"),
        ] {
            let here = parameters.filter { $0["in"]?.string == place }
            guard !here.isEmpty else { continue }
            page.element("h4", text: title)
            table(&page) { page in
                for parameter in here {
                    row(
                        parameter["name"]?.string ?? "",
                        isNeeded: place != "path" && parameter["required"] == .bool(true),
                        &page
                    ) { page in
                        if let schema = parameter["schema"] {
                            let isRepeated = place == "query" && schema["type"]?.string == "array"
                            summary(of: isRepeated ? schema["items"] ?? schema : schema, &page)
                            if isRepeated { page.text(" May be given several times.") }
                        }
                        if let about = parameter["description"]?.string { page.element("p", text: about) }
                    }
                }
            }
        }
    }

    private func body(of operation: Described, _ page: inout HTML) {
        guard let body = operation.json["requestBody"] else { return }
        for content in body["content"]?.members ?? [] {
            page.element("h4", text: "Body")
            page.element("p") { page in
                page.element("code", text: content.name)
                page.text(": ")
                if let schema = content.value["schema"] { summary(of: schema, &page) }
                if body["required"] == .bool(false) { page.text(" May be left out.") }
            }
        }
    }

    private func answers(of operation: Described, _ page: inout HTML) {
        let answers = operation.json["responses"]?.members ?? []
        page.element("h4", text: "Answers")
        page.element("table", ["class": "status"]) { page in
            page.element("tbody") { page in
                for answer in answers where answer.value["$ref"] == nil {
                    page.element("tr") { page in
                        page.element("th", ["scope": "row"], text: answer.name)
                        page.element("td") { self.answer(answer.value, &$0) }
                    }
                }
                refused(answers.filter { $0.value["$ref"] != nil }, &page)
            }
        }
    }

    private func answer(_ answer: JSON, _ page: inout HTML) {
        page.text(answer["description"]?.string ?? "")
        for content in answer["content"]?.members ?? [] {
            page.text(" ")
            if content.name != "application/json" {
                page.element("code", text: content.name)
                page.text(": ")
            }
            if let schema = content.value["schema"] { summary(of: schema, &page) }
        }
        let headers = answer["headers"]?.members.map(\.name) ?? []
        if !headers.isEmpty {
            page.element("p", ["class": "soft"], text: "Header fields: \(headers.joined(separator: ", ")).")
        }
    }

    /// The refusals that are described once for all, with the codes that are this operation's own.
    private func refused(_ answers: [JSONObject.Member], _ page: inout HTML) {
        guard !answers.isEmpty else { return }
        page.element("tr") { page in
            page.element("th", ["scope": "row"], text: "4xx, 5xx")
            page.element("td") { page in
                for (place, answer) in answers.enumerated() {
                    if place > 0 { page.text(" · ") }
                    page.element("a", ["href": "#refusals"], text: answer.name)
                    if let about = answer.value["description"]?.string {
                        page.element("span", ["class": "soft"], text: " (\(about.dropLast()))")
                    }
                }
            }
        }
    }
}
