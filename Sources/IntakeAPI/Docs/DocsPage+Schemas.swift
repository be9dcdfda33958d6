import StrictJSON

extension DocsPage {
    func show(_ schema: JSON, named name: String, _ page: inout HTML) {
        let id = Self.anchor(ofSchema: name)
        page.element("article", ["class": "card", "id": id]) { page in
            page.element("h3") { page in
                page.element("a", ["href": "#\(id)"]) { $0.element("code", text: name) }
            }
            if let about = schema["description"]?.string { page.element("p", text: about) }
            if schema["properties"] == nil {
                page.element("p") { summary(of: schema, &$0) }
            } else {
                members(of: schema, &page)
            }
        }
    }

    func table(_ page: inout HTML, _ rows: (inout HTML) -> Void) {
        page.element("table") { $0.element("tbody", [:], rows) }
    }

    func row(
        _ name: String,
        isNeeded: Bool,
        _ page: inout HTML,
        _ content: (inout HTML) -> Void
    ) {
        page.element("tr") { page in
            page.element("th", ["scope": "row"]) { page in
                page.element("code", text: name)
                if isNeeded {
                    page.text(" ")
                    page.element("span", ["class": "needed"], text: "required")
                }
            }
            page.element("td", [:], content)
        }
    }

    /// What one value may be, in a sentence.
    func summary(of schema: JSON, _ page: inout HTML) {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            return link(toSchema: String(name), &page)
        }
        let choices = schema["anyOf"]?.elements.filter { $0["required"] == nil } ?? []
        if !choices.isEmpty {
            for (place, choice) in choices.enumerated() {
                if place > 0 { page.text(" or ") }
                if choice["type"]?.string == "null" { page.text("null") } else { summary(of: choice, &page) }
            }
            return page.text(".")
        }
        let types = schema["type"]?.string.map { [$0] } ?? schema["type"]?.elements.compactMap(\.string) ?? []
        let type = types.first { $0 != "null" } ?? "null"
        switch type {
        case "array":
            page.text("array of ")
            if let items = schema["items"] { summary(of: items, &page) }
            bounds(schema, "minItems", "maxItems", " elements", &page)
        case "object": object(schema, &page)
        case "string": string(schema, &page)
        default:
            page.text(type)
            bounds(schema, "minimum", "maximum", "", &page)
        }
        if types.contains("null") { page.text(" or null") }
        let isWords = schema["enum"] != nil
        if let usual = schema["default"] {
            if !isWords { page.text("; ") }
            page.element("code", text: Self.shown(usual))
            page.text(" unless given")
        }
        // A word is not followed by what could be taken for a part of it.
        if schema["properties"] == nil, !isWords { page.text(".") }
    }

    private func string(_ schema: JSON, _ page: inout HTML) {
        if let words = schema["enum"]?.elements {
            for value in words.compactMap(\.string) { word(value, &page) }
            return
        }
        page.text(schema["format"]?.string ?? "string")
        bounds(schema, "minLength", "maxLength", " characters", &page)
        if let pattern = schema["pattern"]?.string {
            page.text(", ")
            page.element("code", text: pattern)
        }
    }

    private func object(_ schema: JSON, _ page: inout HTML) {
        if schema["properties"] != nil {
            page.text("object:")
            return page.element("div", ["class": "inner"]) { members(of: schema, &$0) }
        }
        page.text("object")
        guard let values = schema["additionalProperties"], case .object = values else { return }
        page.text(" whose members are each: ")
        summary(of: values, &page)
        if let names = schema["propertyNames"]?["enum"]?.elements.compactMap(\.string) {
            page.text(" Names: ")
            for name in names { word(name, &page) }
        }
    }

    private func members(of schema: JSON, _ page: inout HTML) {
        let needed = Set(schema["required"]?.elements.compactMap(\.string) ?? [])
        table(&page) { page in
            for member in schema["properties"]?.members ?? [] {
                row(member.name, isNeeded: needed.contains(member.name), &page) { page in
                    summary(of: member.value, &page)
                    if let about = member.value["description"]?.string { page.element("p", text: about) }
                }
            }
        }
        for sentence in rules(of: schema) { page.element("p", ["class": "soft"], text: sentence) }
    }

    /// Which members go together, where required ones alone do not say it.
    private func rules(of schema: JSON) -> [String] {
        func names(_ choices: [JSON]) -> [String] {
            choices.flatMap { $0["required"]?.elements.compactMap(\.string) ?? [] }
        }
        var rules: [String] = []
        let some = names(schema["anyOf"]?.elements ?? [])
        if !some.isEmpty { rules.append("At least one of \(some.joined(separator: ", ")).") }
        if let choices = schema["oneOf"]?.elements {
            let one = names(choices).joined(separator: ", ")
            let others = choices.flatMap { names($0["anyOf"]?.elements ?? []) }.joined(separator: ", ")
            rules.append("Either \(one), or at least one of \(others); not both.")
        }
        if schema["additionalProperties"] == nil, schema["properties"] != nil {
            rules.append("Other members are ignored.")
        }
        return rules
    }

    private func bounds(_ schema: JSON, _ low: String, _ high: String, _ unit: String, _ page: inout HTML) {
        switch (schema[low].map(Self.shown), schema[high].map(Self.shown)) {
        case (let low?, let high?): page.text(low == high ? ", \(low)\(unit)" : ", \(low) to \(high)\(unit)")
        case (let low?, nil): page.text(", at least \(low)\(unit)")
        case (nil, let high?): page.text(", at most \(high)\(unit)")
        case (nil, nil): break
        }
    }

    private static func shown(_ value: JSON) -> String {
        value.string ?? String(decoding: value.serialized(), as: UTF8.self)
    }
}
