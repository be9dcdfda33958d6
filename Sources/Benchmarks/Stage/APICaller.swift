internal import CCurl
public import StrictJSON
internal import Synchronization

/// Calls the product's HTTP API with the operator's key, one call after another on one connection; for setting up and for
/// looking, not for load.
@safe
public final class APICaller {
    /// What the API answered.
    public struct Answer: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The body; `null` where there is none.
        public let body: JSON
    }

    private let easy: UnsafeMutableRawPointer
    private let headers: UnsafeMutablePointer<curl_slist>?
    private let base: String
    private var received: [UInt8] = []

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Prepares calls.
    ///
    /// - Parameters:
    ///   - port: of the API on 127.0.0.1.
    ///   - key: the operator's.
    /// - Throws: ``BenchmarkError`` without libcurl.
    init(port: UInt16, key: String) throws(BenchmarkError) {
        guard Self.isReady, let easy = unsafe curl_easy_init() else {
            throw BenchmarkError("libcurl is not available")
        }
        unsafe self.easy = unsafe easy
        base = "http://127.0.0.1:\(port)"
        var list: UnsafeMutablePointer<curl_slist>?
        for header in ["Authorization: Bearer \(key)", "Content-Type: application/json", "Expect:"] {
            unsafe list = unsafe curl_slist_append(list, header)
        }
        unsafe headers = unsafe list
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headers)
    }

    /// Sends one call.
    ///
    /// - Parameters:
    ///   - method: `GET`, `PUT`, ...
    ///   - path: with its query.
    ///   - body: JSON.
    /// - Returns: the answer, whatever its status.
    /// - Throws: an error where there is none within 30 s.
    public func send(_ method: String, _ path: String, _ body: [UInt8]? = nil) throws(BenchmarkError)
        -> Answer
    {
        let curl = unsafe easy
        received.removeAll(keepingCapacity: true)
        unsafe curl_easy_reset(curl)
        _ = unsafe lastcall_easy_set_text(curl, CURLOPT_URL, base + path)
        _ = unsafe lastcall_easy_set_text(curl, CURLOPT_PROXY, "")
        _ = unsafe lastcall_easy_set_long(curl, CURLOPT_NOSIGNAL, 1)
        _ = unsafe lastcall_easy_set_long(curl, CURLOPT_TIMEOUT_MS, 30_000)
        _ = unsafe lastcall_easy_set_list(curl, CURLOPT_HTTPHEADER, headers)
        _ = unsafe lastcall_easy_set_receive(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
            let caller = unsafe Unmanaged<APICaller>.fromOpaque(context).takeUnretainedValue()
            unsafe caller.received += UnsafeRawBufferPointer(start: bytes, count: size * count)
            return size * count
        }
        _ = unsafe lastcall_easy_set_pointer(
            curl,
            CURLOPT_WRITEDATA,
            Unmanaged.passUnretained(self).toOpaque()
        )
        if let body { _ = unsafe lastcall_easy_set_body(curl, body, body.count) }
        _ = unsafe lastcall_easy_set_text(curl, CURLOPT_CUSTOMREQUEST, method)
        let code = unsafe curl_easy_perform(curl)
        guard code == CURLE_OK else {
            throw BenchmarkError("\(method) \(path): \(unsafe String(cString: curl_easy_strerror(code)))")
        }
        let status = unsafe lastcall_easy_long(curl, CURLINFO_RESPONSE_CODE)
        do {
            let body =
                received.isEmpty
                ? JSON.null : try JSON.parse(received, maximumBytes: .max, maximumValues: .max)
            return Answer(status: status, body: body)
        } catch {
            throw BenchmarkError("\(method) \(path): \(status), and the answer is no JSON: \(error.detail)")
        }
    }

    /// Sends one call that must succeed.
    ///
    /// - Parameters:
    ///   - method: `GET`, `PUT`, ...
    ///   - path: with its query.
    ///   - body: JSON as text.
    /// - Returns: the body of the answer.
    /// - Throws: an error with the problem's code where it is refused.
    @discardableResult
    public func call(_ method: String, _ path: String, _ body: String? = nil) throws(BenchmarkError) -> JSON {
        let answer = try send(method, path, body.map { Array($0.utf8) })
        guard answer.status < 300 else {
            let code = answer.body["code"]?.string ?? ""
            throw BenchmarkError("\(method) \(path): \(answer.status) \(code)")
        }
        return answer.body
    }
}

@available(*, unavailable)
extension APICaller: Sendable {}
