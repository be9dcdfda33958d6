import LogoutModel
import Telemetry
import Tracing

extension LastcallAPI {
    /// The span of a call, which the caller's own trace goes on in; `nil` where nothing is traced.
    func span(of request: APIRequest, _ found: RouteTable.Match) -> (any Span)? {
        guard let tracer, case .route(let route, _) = found, route.access != .everyone else { return nil }
        let caller = TraceParent.context(request.values(of: "traceparent"))
        let span = tracer.startSpan(found.name, context: ServiceContext(trace: caller), ofKind: .server)
        guard span.isRecording else { return span }
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method
            attributes["http.route"] = route.path.text
        }
        return span
    }
}

extension Span {
    /// Ends the span of a call.
    func end(as response: APIResponse, _ code: String?) {
        if isRecording {
            updateAttributes { attributes in
                attributes["http.response.status_code"] = response.status
                if let code { attributes["error.type"] = code }
            }
            if response.status >= 500 { setStatus(SpanStatus(code: .error)) }
        }
        end()
    }
}
