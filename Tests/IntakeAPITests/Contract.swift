import LastcallTestKit
import StrictJSON

/// The served OpenAPI document, to hold answers against.
struct Contract: Sendable {
    let document: JSON
    let validator: JSONSchemaValidator

    init(_ api: TestAPI) async throws {
        let answer = await api.call("GET /openapi.json", key: nil)
        try answer.require(200)
        document = answer.json
        validator = JSONSchemaValidator(document: document)
    }

    /// What it says of each `METHOD /path`.
    var operations: [String: JSON] {
        var found: [String: JSON] = [:]
        for path in document["paths"]?.names ?? [] {
            let item = document["paths"]?[path]
            for method in item?.names ?? [] { found["\(method.uppercased()) \(path)"] = item?[method] }
        }
        return found
    }

    /// A thing, or what it refers to.
    func resolved(_ json: JSON?) -> JSON? {
        guard case .string(let reference)? = json?["$ref"] else { return json }
        return validator.value(at: String(reference.dropFirst()))
    }

    /// What is wrong with an answer to a call of this route.
    func faults(of answer: Answer, to route: String) -> [String] {
        guard let operation = operations[route] else { return ["\(route) is not described"] }
        guard let described = resolved(operation["responses"]?["\(answer.status)"]) else {
            return ["\(route): \(answer.status) is not described: \(answer.text)"]
        }
        guard let content = described["content"] else {
            return answer.body.isEmpty ? [] : ["\(route): \(answer.status) should have no body"]
        }
        guard let type = answer.header("Content-Type").first, let schema = content[type]?["schema"] else {
            return ["\(route): \(answer.header("Content-Type")) is not described"]
        }
        let isJSON = type.hasSuffix("json")
        var faults = validator.faults(of: isJSON ? answer.json : .string(answer.text), against: schema).map {
            "\(route) \(answer.status): \($0)"
        }
        let headers = described["headers"]?.names ?? []
        for name in [
            "Location", "Preference-Applied", "Idempotency-Replayed", "Allow", "Retry-After",
            "WWW-Authenticate",
        ]
        where !answer.header(name).isEmpty && !headers.contains(name) {
            faults.append("\(route) \(answer.status): the header field \(name) is not described")
        }
        return faults
    }

    /// What is wrong with a refusal of a call that no route takes.
    func faults(ofRefusal answer: Answer) -> [String] {
        guard let described = validator.value(at: "/components/responses/\(answer.status)"),
            let schema = described["content"]?["application/problem+json"]?["schema"],
            answer.header("Content-Type") == ["application/problem+json"]
        else { return ["\(answer.status) is not described: \(answer.text)"] }
        let missing = (described["headers"]?.names ?? []).filter { answer.header($0).isEmpty }
        return validator.faults(of: answer.json, against: schema) + missing.map { "\($0) is missing" }
    }

    /// What is wrong with the body of a call; of lines, with each of them.
    func faults(ofBodyOf call: GoodCall) -> [String] {
        guard let text = call.body else { return [] }
        let content = operations[call.route]?["requestBody"]?["content"]
        let isLines = content?["application/x-ndjson"] != nil
        let line = document["components"]?["schemas"]?["ParticipationLine"]
        // No body is described where none is needed; an empty object is taken all the same.
        guard let schema = isLines ? line : content?["application/json"]?["schema"] else {
            return text == "{}" ? [] : ["\(call.route): no body is described"]
        }
        let parts = isLines ? text.split(separator: "\n").map(String.init) : [text]
        return parts.flatMap { part in
            guard let json = try? JSON.parse(Array(part.utf8)) else { return ["\(part) is no JSON"] }
            return validator.faults(of: json, against: schema).map { "\(call.route) body: \($0)" }
        }
    }

    /// Every schema of the document, with its place.
    var schemas: [(place: String, schema: JSON)] {
        var found = (document["components"]?["schemas"]?.names ?? []).map { name in
            (name, document["components"]?["schemas"]?[name] ?? .null)
        }
        for (route, operation) in operations {
            for parameter in operation["parameters"]?.elements ?? [] {
                found.append(("\(route) \(parameter["name"]?.string ?? "")", parameter["schema"] ?? .null))
            }
            for (place, content) in contents(of: operation) {
                for type in content.names {
                    found.append(("\(route) \(place)", content[type]?["schema"] ?? .null))
                }
            }
        }
        return found
    }

    private func contents(of operation: JSON) -> [(String, JSON)] {
        var found: [(String, JSON)] = []
        if let body = operation["requestBody"]?["content"] { found.append(("body", body)) }
        for status in operation["responses"]?.names ?? [] {
            if let content = resolved(operation["responses"]?[status])?["content"] {
                found.append((status, content))
            }
        }
        return found
    }
}
