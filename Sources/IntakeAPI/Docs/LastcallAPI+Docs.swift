import Synchronization

extension LastcallAPI {
    var docsRoutes: [Route] {
        [Route("GET", "/docs", .everyone, getDocs)]
    }

    /// The media type of pages.
    static let htmlType = "text/html; charset=utf-8"

    @Sendable private func getDocs(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let page = docs.bytes { [routes] in DocsPage(document: OpenAPIDocument(routes: routes).json).bytes }
        var response = APIResponse(status: 200, contentType: Self.htmlType, body: page)
        response.headers += [
            ("Cache-Control", "public, max-age=300"), ("Content-Security-Policy", DocsStyle.policy),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ]
        return response
    }
}

/// Bytes that are made once: anybody may ask for them as often as they like.
final class MadeOnce: Sendable {
    private let made = Mutex<[UInt8]?>(nil)

    func bytes(_ make: () -> [UInt8]) -> [UInt8] {
        made.withLock { made in
            if let made { return made }
            let bytes = make()
            made = bytes
            return bytes
        }
    }
}
