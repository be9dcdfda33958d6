import FoundationEssentials
import IntakeAPI
import LastcallTestKit
import LogoutModel
import StrictJSON
import Testing

@Suite("The OpenAPI document", .lastcallDatabase)
struct OpenAPITests {
    @Test("everybody gets it, and it names its version of OpenAPI")
    func served() async throws {
        let api = try TestAPI()
        let answer = await api.call("GET /openapi.json", key: nil)
        #expect(answer.status == 200 && answer.header("Content-Type") == ["application/json"])
        #expect(answer["openapi"] == .string("3.1.0"))
        #expect(await api.call("GET /openapi.json", key: nil).body == answer.body)
        #expect(await api.call("GET /openapi.json?x=1", key: nil).refusal == .init(400, "invalid_request"))
    }

    @Test("every route is described, and nothing that is not served")
    func complete() async throws {
        let api = try TestAPI()
        let contract = try await Contract(api)
        #expect(Set(contract.operations.keys) == Set(api.api.routeNames))
        let described = LastcallAPI.describedRoutes
        #expect(Set(described).count == described.count)
        #expect(Set(described).subtracting(api.api.routeNames).isEmpty)
    }

    @Test(
        "each route has a name of its own, a summary, its parameters, its body, its answers and their schemas"
    )
    func operations() async throws {
        let contract = try await Contract(TestAPI())
        var ids: Set<String> = []
        for (route, operation) in contract.operations {
            #expect(ids.insert(try #require(operation["operationId"]?.string)).inserted, "\(route)")
            #expect(operation["summary"]?.string?.isEmpty == false, "\(route)")
            let parameters = operation["parameters"]?.elements ?? []
            let inPath = parameters.filter { $0["in"] == .string("path") }
            let expected = route.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                $0.dropFirst().dropLast()
            }
            #expect(inPath.map { $0["name"]?.string } == expected.map(String.init), "\(route)")
            #expect(inPath.allSatisfy { $0["required"] == .bool(true) })
            for parameter in parameters {
                #expect(
                    parameter["schema"]?["type"] != nil || parameter["schema"]?["$ref"] != nil,
                    "\(route) \(parameter)"
                )
            }
            let statuses = operation["responses"]?.names ?? []
            #expect(statuses.contains { $0.hasPrefix("2") }, "\(route)")
            #expect(
                statuses.contains("503") == !["GET /healthz", "GET /openapi.json", "GET /docs"].contains(
                    route
                ),
                "\(route)"
            )
            for status in statuses {
                let answer = try #require(contract.resolved(operation["responses"]?[status]))
                #expect(answer["description"]?.string?.isEmpty == false, "\(route) \(status)")
                let types = answer["content"]?.names ?? []
                #expect(types.count == (status == "204" ? 0 : 1), "\(route) \(status)")
            }
            if let body = operation["requestBody"] { #expect(body["content"]?.names.count == 1, "\(route)") }
        }
    }

    @Test("each route asks for the scopes that open it")
    func security() async throws {
        let contract = try await Contract(TestAPI())
        for route in RouteScope.all {
            let requirements = contract.operations[route.route]?["security"]?.elements ?? []
            let scopes = requirements.flatMap { $0["apiKey"]?.elements ?? [] }.compactMap(\.string)
            switch (route.route, route.scopes) {
            case (_, nil): #expect(requirements.isEmpty, "\(route)")
            // A list of what the key may see asks for a key, and then shows what it may.
            case ("GET /v1/issuers", _): #expect(requirements.count == 1 && scopes.isEmpty)
            case (_, []): #expect(scopes == ["operator"], "\(route)")
            case (_, let wanted?): #expect(Set(scopes) == wanted, "\(route)")
            }
        }
    }

    @Test("every schema is understood, and every reference leads somewhere")
    func schemas() async throws {
        let contract = try await Contract(TestAPI())
        #expect(contract.schemas.count > 100)
        for (place, schema) in contract.schemas {
            let faults = contract.validator.faults(of: .null, against: schema)
            #expect(
                !faults.contains { $0.contains("understood") || $0.contains("nowhere") },
                "\(place): \(faults)"
            )
        }
        let text = String(decoding: contract.document.serialized(), as: UTF8.self)
        for part in text.components(separatedBy: "\"$ref\":\"#").dropFirst() {
            let pointer = String(part.prefix { $0 != "\"" })
            #expect(contract.validator.value(at: pointer) != nil, "\(pointer)")
        }
    }

    @Test("lists of words are those of the program")
    func words() async throws {
        let contract = try await Contract(TestAPI())
        func words(_ schema: String, _ member: String) -> [String] {
            let found = contract.validator.value(
                at: "/components/schemas/\(schema)/properties/\(member)/enum"
            )
            return (found?.elements ?? []).compactMap(\.string)
        }
        #expect(words("LogoutEvent", "status") == LogoutEventStatus.allCases.map(\.rawValue))
        #expect(words("Delivery", "status") == DeliveryStatus.allCases.map(\.rawValue))
        #expect(words("Attempt", "outcome") == AttemptOutcome.allCases.map(\.rawValue))
        #expect(words("LogoutEventRequest", "initiator") == Initiator.allCases.map(\.rawValue))
        #expect(words("Delivery", "reason").count == Set(words("Delivery", "reason")).count)
    }

    @Test("every query member that is described is known to its route")
    func queries() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        for (route, operation) in contract.operations {
            let scope = try #require(RouteScope.all.first { $0.route == route })
            for parameter in operation["parameters"]?.elements ?? [] where parameter["in"] == .string("query")
            {
                let name = parameter["name"]?.string ?? ""
                let answer = await api.call(scope.line(issuer: "acme", query: "\(name)=%25"), json: "{}")
                #expect(answer["detail"]?.string?.contains("not known here") != true, "\(route) \(name)")
            }
        }
    }

    @Test("every member of a body that is described is known to its route")
    func bodies() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        for (route, operation) in contract.operations {
            let content = operation["requestBody"]?["content"]?["application/json"]
            guard let schema = contract.resolved(content?["schema"]) else { continue }
            let scope = try #require(RouteScope.all.first { $0.route == route })
            for name in schema["properties"]?.names ?? [] {
                let answer = await api.call(scope.line(issuer: "acme"), json: "{\"\(name)\": null}")
                let isUnknown =
                    answer["detail"]?.string == "The member is not known here."
                    && answer["pointer"] == .string("/\(name)")
                #expect(!isUnknown, "\(route) \(name)")
            }
        }
    }
}
