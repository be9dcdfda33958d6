/// One route of the API: the table of these is what is served, and what the OpenAPI document is held against.
struct Route: Sendable {
    let method: String
    let path: PathTemplate
    let access: Access
    let handle: @Sendable (Call) async throws -> APIResponse
    /// `METHOD /path/{parameter}`.
    let name: String

    init(
        _ method: String,
        _ path: String,
        _ access: Access,
        _ handle: @escaping @Sendable (Call) async throws -> APIResponse
    ) {
        self.method = method
        self.path = PathTemplate(path)
        name = "\(method) \(path)"
        self.access = access
        self.handle = handle
    }
}

/// Finds the route of a call.
struct RouteTable: Sendable {
    let routes: [Route]

    enum Match: Sendable {
        case route(Route, [String: Substring])
        /// The path is known, the method is not.
        case otherMethods([String], isPublic: Bool)
        case nothing

        /// The route's, for logs, metrics and traces: nothing that a caller chooses.
        var name: String {
            if case .route(let route, _) = self { route.name } else { CallMetrics.noRoute }
        }
    }

    func match(method: String, path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        // Cut at bytes: what stands in front may route by this path, and a combining character hides no slash.
        let segments = path.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ).map { Substring($0) }
        var others: [String] = []
        var isPublic = false
        for route in routes {
            guard let parameters = route.path.match(segments) else { continue }
            if route.method == method { return .route(route, parameters) }
            others.append(route.method)
            isPublic = route.access == .everyone
        }
        return others.isEmpty ? .nothing : .otherMethods(others, isPublic: isPublic)
    }
}
