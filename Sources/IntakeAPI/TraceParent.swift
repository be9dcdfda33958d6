package import LogoutModel

/// The `traceparent` header of W3C Trace Context.
package enum TraceParent {
    /// Where a request's caller is in its trace; `nil` where the header is absent, malformed or there twice. A logout is
    /// never refused for it.
    package static func context(_ headers: [String]) -> TraceContext? {
        headers.count == 1 ? TraceContext(traceParent: headers[0]) : nil
    }
}
