import StrictJSON
import Synchronization

extension LastcallAPI {
    var openAPIRoutes: [Route] {
        [Route("GET", "/openapi.json", .everyone, getOpenAPI)]
    }

    /// Every route that the document would describe, as `METHOD /path/{parameter}`, served or not.
    package static var describedRoutes: [String] { Operation.all.map(\.route) }

    @Sendable private func getOpenAPI(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        var response = APIResponse(status: 200, body: openAPI.bytes(of: routes))
        response.headers.append(("Cache-Control", "public, max-age=300"))
        return response
    }
}

/// The document's bytes, made once: anybody may ask for them as often as they like.
final class OpenAPICache: Sendable {
    private let made = Mutex<[UInt8]?>(nil)

    func bytes(of routes: [Route]) -> [UInt8] {
        made.withLock { made in
            if let made { return made }
            let bytes = OpenAPIDocument(routes: routes).json.serialized()
            made = bytes
            return bytes
        }
    }
}
