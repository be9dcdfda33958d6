import StrictJSON

extension LastcallAPI {
    var openAPIRoutes: [Route] {
        [Route("GET", "/openapi.json", .everyone, getOpenAPI)]
    }

    /// Every route that the document would describe, as `METHOD /path/{parameter}`, served or not.
    package static var describedRoutes: [String] { Operation.all.map(\.route) }

    @Sendable private func getOpenAPI(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let document = openAPI.bytes { [routes] in OpenAPIDocument(routes: routes).json.serialized() }
        var response = APIResponse(status: 200, body: document)
        response.headers.append(("Cache-Control", "public, max-age=300"))
        return response
    }
}
