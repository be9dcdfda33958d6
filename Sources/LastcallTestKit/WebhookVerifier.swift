import COpenSSL
import FoundationEssentials

/// Checks a webhook as its receiver would, by means of its own: HMAC is put together here from SHA-256 (RFC 2104).
///
/// Source: Standard Webhooks, "Verifying webhook authenticity".
public struct WebhookVerifier: Sendable {
    /// What is wrong with a request; each check has its own case.
    public enum Defect: Error, Sendable, Hashable {
        /// The secret is not `whsec_` and base64.
        case secret
        /// The method is not `POST`.
        case method(String)
        /// A header that a webhook has not, in lower case.
        case headerExtra(String)
        /// A header that must be there, once, is not; in lower case.
        case header(String)
        /// The time is no number, or more than five minutes from now.
        case timestamp(String)
        /// The signature is not `v1,` and that of this message.
        case signature
    }

    /// What a webhook that verified says.
    public struct Message: Sendable, Hashable {
        /// Its `webhook-id`.
        public let id: String
        /// Its `webhook-timestamp`.
        public let timestamp: Int64
        /// Its body.
        public let body: [UInt8]
    }

    /// How far a time may be from the receiver's, in seconds.
    private static let tolerance: Int64 = 300
    private static let headers = [
        "host", "user-agent", "accept", "content-type", "content-length", "webhook-id", "webhook-timestamp",
        "webhook-signature",
    ]

    private let key: [UInt8]

    /// A verifier of webhooks that are signed with a secret.
    ///
    /// - Parameter secret: `whsec_` and base64.
    /// - Throws: ``Defect/secret``.
    public init(secret: String) throws(Defect) {
        guard secret.hasPrefix("whsec_"), let key = Data(base64Encoded: String(secret.dropFirst(6))) else {
            throw .secret
        }
        self.key = Array(key)
    }

    /// Checks one request.
    ///
    /// - Parameters:
    ///   - request: as received.
    ///   - now: the receiver's time, in seconds since 1970-01-01 UTC.
    /// - Returns: what it says.
    /// - Throws: the first ``Defect``: method, headers, time, signature.
    public func verify(_ request: ReceivedRequest, now: Int64) throws(Defect) -> Message {
        guard request.method == "POST" else { throw .method(request.method) }
        for header in request.headers where !Self.headers.contains(header.name.lowercased()) {
            throw .headerExtra(header.name.lowercased())
        }
        for name in Self.headers where request.values(of: name).count != 1 { throw .header(name) }
        guard request.values(of: "content-type") == ["application/json"] else {
            throw .header("content-type")
        }
        guard request.values(of: "content-length") == ["\(request.body.count)"] else {
            throw .header("content-length")
        }
        return try verify(
            id: request.values(of: "webhook-id")[0],
            timestamp: request.values(of: "webhook-timestamp")[0],
            signature: request.values(of: "webhook-signature")[0],
            body: request.body,
            now: now
        )
    }

    /// Checks the parts of one message.
    public func verify(
        id: String,
        timestamp: String,
        signature: String,
        body: [UInt8],
        now: Int64
    ) throws(Defect) -> Message {
        guard let seconds = Int64(timestamp), abs(seconds - now) <= Self.tolerance else {
            throw .timestamp(timestamp)
        }
        let code = hmac(Array("\(id).\(timestamp).".utf8) + body)
        guard signature == "v1," + Data(code).base64EncodedString() else { throw .signature }
        return Message(id: id, timestamp: seconds, body: body)
    }

    private func hmac(_ message: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? sha256(key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        return sha256(block.map { $0 ^ 0x5C } + sha256(block.map { $0 ^ 0x36 } + message))
    }

    private func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe SHA256(bytes, bytes.count, &digest)
        return digest
    }
}
