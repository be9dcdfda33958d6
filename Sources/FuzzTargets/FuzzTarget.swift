/// A reader of bytes from outside, and what must hold whatever the bytes are.
///
/// `scripts/fuzz` looks for bytes that break a property; the corpus that it has kept is replayed by
/// `scripts/test`. A new reader of outside bytes gets a case here and a function beside the others.
public enum FuzzTarget: String, Sendable, CaseIterable {
    /// The JSON reader: API bodies, stored policies, RPs' answers.
    case json
    /// A delivery policy as an object.
    case overrides
    /// An issuer's `egress`.
    case egress
    /// Bodies of logout events.
    case logoutEvent = "logout-event"
    /// `backchannel_logout_uri`, beside libcurl's own reading.
    case uri
    /// Addresses as text, beside the C library's own reading.
    case address
    /// Both alphabets.
    case base64
    /// Private and public keys as a JWK.
    case jwk
    /// JWK Sets of clients, as far as an encrypted token.
    case clientKeys = "client-keys"
    /// Private keys as PEM.
    case pem
    /// Private keys as DER.
    case pkcs8
    /// Secrets at rest.
    case sealed
    /// API keys and webhook secrets.
    case bearer
    /// Places in lists, with and without their signature.
    case cursor
    /// `Retry-After` with its dates.
    case retryAfter = "retry-after"
    /// `Prefer`.
    case prefer
    /// `traceparent`.
    case traceparent
    /// Queries.
    case query
    /// Paths and percent-encoding.
    case path
    /// Lines of an import.
    case lines
    /// RFC 3339 times.
    case timestamp
    /// What an RP answers to a logout token.
    case explanation
    /// What a receiver of Security Event Tokens answers.
    case pushExplanation = "push-explanation"
    /// The terms of a receiver.
    case sharedSignals = "shared-signals"
    /// A receiver's `Authorization` header.
    case authorization

    /// The longest input worth trying, in bytes.
    public var maximumBytes: Int {
        switch self {
        case .json, .jwk, .clientKeys, .logoutEvent, .egress, .pem, .pkcs8, .uri, .sharedSignals: 4_096
        default: 512
        }
    }

    /// Reads the bytes.
    ///
    /// - Throws: ``BrokenProperty`` where the reader does what it must not.
    public func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .json: try readJSON(bytes)
        case .overrides: try readOverrides(bytes)
        case .egress: try readEgress(bytes)
        case .logoutEvent: try readLogoutEvent(bytes)
        case .uri: try readURI(bytes)
        case .address: try readAddress(bytes)
        case .base64: try readBase64(bytes)
        case .jwk: try readJWK(bytes)
        case .clientKeys: try readClientKeys(bytes)
        case .pem: try readPEM(bytes)
        case .pkcs8: try readPKCS8(bytes)
        case .sealed: try readSealed(bytes)
        case .bearer: try readBearer(bytes)
        case .cursor: try readCursor(bytes)
        case .retryAfter: try readRetryAfter(bytes)
        case .prefer: try readPrefer(bytes)
        case .traceparent: try readTraceParent(bytes)
        case .query: try readQuery(bytes)
        case .path: try readPath(bytes)
        case .lines: try readLines(bytes)
        case .timestamp: try readTimestamp(bytes)
        case .explanation: try readExplanation(bytes)
        case .pushExplanation: try readPushExplanation(bytes)
        case .sharedSignals: try readSharedSignals(bytes)
        case .authorization: try readAuthorization(bytes)
        }
    }
}

/// A property that does not hold for some input.
public struct BrokenProperty: Error, Sendable, Hashable {
    /// What should hold.
    public let property: String

    init(_ property: String) { self.property = property }
}

/// Asks for a property.
func require(_ holds: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    guard holds else { throw BrokenProperty(property()) }
}

/// The input as text; `nil` where it is none, which the readers of text never see.
func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

/// Whether a text is these bytes.
func isSame(_ text: String, _ bytes: [UInt8]) -> Bool { text.utf8.elementsEqual(bytes) }
