/// What one POST met: the RP's status, or why there is none.
///
/// All text is data from somewhere else: bounded, without control characters, never to be branched on.
public struct Answer: Sendable, Hashable {
    /// How the attempt ended.
    public enum Ending: Sendable, Hashable {
        /// The final status line and all headers arrived. What then became of the body does not matter: over
        /// its cap, cut off or still dripping at the deadline, the RP has answered.
        case status(Int)
        /// No complete answer.
        case failure(TransportFailure)
    }

    /// How the attempt ended.
    public let ending: Ending

    /// A sentence about a failure for an operator, in libcurl's words where it has some; at most 255 bytes.
    public let detail: String?

    /// The address of the RP, as text; of the last one that was tried, where no connection came about. Never a proxy's.
    public let remoteAddress: String?

    /// Whether any byte of the request was handed to the connection, so that the RP may have acted on it.
    public let requestSent: Bool

    /// The `Retry-After` header as it was sent, at most 128 bytes.
    public let retryAfter: String?

    /// `error` of a JSON body with status 400, of a push its `err`, at most 255 bytes; without a status, what the egress
    /// proxy did: `egress_proxy_refused` or `egress_proxy_unreachable`.
    /// Source: OpenID Connect Back-Channel Logout 1.0 §2.8, RFC 8935 §2.3.
    public let error: String?

    /// `error_description`, or `description`, beside ``error``; at most 1,000 bytes.
    public let errorDescription: String?

    /// What a GET brought, where its status is 200 and all of the body came.
    public let document: Document?

    /// From acceptance to the first byte of the answer; `nil` without a status.
    public let firstByteMicroseconds: Int64?

    /// From acceptance to the end.
    public let totalMicroseconds: Int64

    /// A document of an RP's: data, of any form.
    public struct Document: Sendable, Hashable {
        /// The body, within its cap.
        public let body: [UInt8]
        /// The `Cache-Control` header as it was sent, at most 256 bytes.
        public let cacheControl: String?
    }

    /// The RP's status; `nil` where the attempt failed.
    public var status: Int? {
        guard case .status(let status) = ending else { return nil }
        return status
    }

    /// Why there is no answer; `nil` where there is one.
    public var failure: TransportFailure? {
        guard case .failure(let failure) = ending else { return nil }
        return failure
    }
}

extension Answer {
    /// A failure of a request that never reached libcurl.
    init(_ failure: TransportFailure, detail: String? = nil, acceptedAt: UInt64) {
        self.init(
            ending: .failure(failure),
            detail: detail,
            remoteAddress: nil,
            requestSent: false,
            retryAfter: nil,
            error: failure.proxyFailure?.code,
            errorDescription: failure.proxyFailure?.sentence,
            document: nil,
            firstByteMicroseconds: nil,
            totalMicroseconds: Int64((monotonicNanoseconds() - acceptedAt) / 1_000)
        )
    }
}
