import DeliveryPolicy
import LogoutModel
import StrictJSON

/// The OpenAPI 3.1 document: the routes that are served, each as its ``Operation`` describes it.
struct OpenAPIDocument {
    let routes: [Route]

    /// The version of the contract, not of the program.
    static let version = "1.0.0"
    private static let scheme = "apiKey"

    var json: JSON {
        .object(of: [
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object(of: [
                    ("title", .string("Lastcall")), ("version", .string(Self.version)),
                    ("summary", .string("Durable OpenID Connect Back-Channel Logout.")),
                    ("description", .string(Self.about)),
                ])
            ),
            ("servers", .array([.object(of: [("url", .string("/"))])])),
            ("paths", paths), ("webhooks", Self.webhooks),
            (
                "components",
                .object(of: [
                    ("schemas", .object(of: Schema.all.map { ($0.name, $0.schema.json) })),
                    ("responses", .object(of: Self.refusals.map { ("\($0.status)", Self.refusal($0)) })),
                    ("securitySchemes", .object(of: [(Self.scheme, Self.securityScheme)])),
                ])
            ),
        ])
    }

    private static let about = """
        Members are snake_case, times RFC 3339 in UTC, ids UUIDs. Errors are RFC 9457 problem documents whose code is \
        stable. What a key may not see answers exactly like what does not exist.
        """

    private static let securityScheme = JSON.object(of: [
        ("type", .string("http")), ("scheme", .string("bearer")),
        (
            "description",
            .string(
                "An API key. The names in a security requirement are scopes of which the key needs one; operator stands "
                    + "for an operator's key, which has them all."
            )
        ),
    ])

    private var paths: JSON {
        var order: [String] = []
        var byPath: [String: [(String, JSON)]] = [:]
        for route in routes {
            guard let operation = Operation.byShape[Operation.shape(of: "\(route.method) \(route.path.text)")]
            else {
                continue
            }
            if byPath[route.path.text] == nil { order.append(route.path.text) }
            byPath[route.path.text, default: []].append(
                (route.method.lowercased(), Self.described(operation, route))
            )
        }
        return .object(of: order.map { ($0, .object(of: byPath[$0] ?? [])) })
    }

    private static func described(_ operation: Operation, _ route: Route) -> JSON {
        var members: [(String, JSON)] = [
            ("operationId", .string(operation.id)), ("summary", .string(operation.summary)),
            ("tags", .array([.string(operation.tag)])), ("security", security(route.access)),
        ]
        if let about = operation.about { members.append(("description", .string(about))) }
        let parameters =
            route.path.parameters.map { parameter($0, in: "path") }
            + operation.query.map { parameter($0, in: "query") }
            + operation.headers.map { parameter($0, in: "header") }
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        if let body = operation.body {
            members.append(
                (
                    "requestBody",
                    .object(of: [
                        ("required", .bool(body.isRequired)),
                        ("content", content(body.mediaType, body.schema)),
                    ])
                )
            )
        }
        members.append(("responses", answers(operation, route)))
        return .object(of: members)
    }

    private static func security(_ access: Access) -> JSON {
        let scopes: [[String]] =
            switch access {
            case .everyone: []
            case .anyKey: [[]]
            case .scopes(let scopes): scopes.map { [$0.rawValue] }
            case .operatorOnly: [["operator"]]
            }
        return .array(scopes.map { .object(of: [(scheme, .array($0.map(JSON.string)))]) })
    }

    private static func parameter(_ parameter: Operation.Parameter, in place: String) -> JSON {
        .object(
            of: [("name", .string(parameter.name)), ("in", .string(place))]
                + (place == "path" ? [("required", .bool(true))] : [])
                + (parameter.about.map { [("description", .string($0))] } ?? [])
                + [("schema", parameter.schema.json)]
        )
    }

    private static func content(_ mediaType: String, _ schema: Schema) -> JSON {
        .object(of: [(mediaType, .object(of: [("schema", schema.json)]))])
    }

    private static func answers(_ operation: Operation, _ route: Route) -> JSON {
        let own = operation.answers.map { answer -> (String, JSON) in
            var members: [(String, JSON)] = [("description", .string(answer.about))]
            if !answer.headers.isEmpty {
                let headers = answer.headers.map { header in
                    (header.name, JSON.object(of: [("schema", header.schema.json)]))
                }
                members.append(("headers", .object(of: headers)))
            }
            if let schema = answer.schema { members.append(("content", content(answer.mediaType, schema))) }
            return ("\(answer.status)", .object(of: members))
        }
        let refused = operation.refusalStatuses(route).map { status -> (String, JSON) in
            var members = [("$ref", JSON.string("#/components/responses/\(status)"))]
            if let codes = operation.refusals[status] {
                members.append(("description", .string("Also: \(codes.joined(separator: ", ")).")))
            }
            return ("\(status)", .object(of: members))
        }
        return .object(of: own + refused)
    }
}

extension PathTemplate {
    /// The parameters, as the document describes them.
    fileprivate var parameters: [Operation.Parameter] {
        segments.compactMap { segment in
            guard case .parameter(let name) = segment else { return nil }
            return switch name {
            case "issuer": .init(name, .text(.issuerName), "The issuer's name.")
            case "client_id": .init(name, .text(.clientID), "The RP, percent-encoded.")
            case "id": .init(name, .uuid)
            default: .init(name, .text(.identifier))
            }
        }
    }
}

extension Operation {
    /// The statuses that this operation can be refused with.
    func refusalStatuses(_ route: Route) -> [Int] {
        guard tag != Self.healthTag else { return [] }
        var statuses: Set<Int> = [400, 500, 503]
        if route.access != .everyone { statuses.formUnion([401, 403, 429]) }
        if route.path.text.contains("{") { statuses.insert(404) }
        // Where no body is meant, one is refused all the same.
        if method != "GET" { statuses.formUnion([408, 413]) }
        if body != nil { statuses.insert(415) }
        return statuses.union(refusals.keys).sorted()
    }
}
