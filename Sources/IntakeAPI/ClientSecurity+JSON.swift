import DeliveryPolicy
import LogoutTokens
import StrictJSON

/// The members of a client that say how its tokens are encrypted and how its server is connected to: checked when it
/// is registered, and kept among the members that are stored as they are.
struct ClientSecurity {
    /// What is kept of them, in the order in which it is shown.
    private(set) var members = JSONObject()

    /// The longest JWK Set in a registration.
    private static let longestSet = 65_536

    /// The members that a change of is written to the audit trail.
    static let audited = [
        "id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "jwks_uri",
        "tls_client_certificate", "ca",
    ]

    /// Reads and judges the members.
    ///
    /// - Throws: ``Problem`` or `JSONError`, each with a pointer.
    init(reading body: inout ObjectReader, egress: EgressPolicy, settings: APISettings) throws {
        let alg = try body.optionalEnumeration(
            "id_token_encrypted_response_alg",
            of: KeyManagementAlgorithm.self
        )
        let enc = try body.optionalEnumeration("id_token_encrypted_response_enc", of: ContentEncryption.self)
        if alg == nil, enc != nil {
            throw Problem.invalidClientMetadata(
                "An enc is nothing without id_token_encrypted_response_alg.",
                pointer: "/id_token_encrypted_response_enc"
            )
        }
        let set = try Self.keySet(&body)
        let uri = try Self.keySetURI(&body, set: set, egress: egress)
        if let alg {
            // What OpenID Connect Dynamic Client Registration 1.0 §2 says where only the alg is given.
            let enc = enc ?? .a128CBCHS256
            if let set {
                try Self.check(set, alg, enc)
            } else if uri == nil {
                throw Problem.invalidClientMetadata(
                    "Tokens can be encrypted only for a key in jwks or at a jwks_uri.",
                    pointer: "/id_token_encrypted_response_alg"
                )
            }
            _ = members.append("id_token_encrypted_response_alg", .string(alg.rawValue))
            _ = members.append("id_token_encrypted_response_enc", .string(enc.rawValue))
        }
        if let set { _ = members.append("jwks", set) }
        if let uri { _ = members.append("jwks_uri", .string(uri)) }
        try credential("tls_client_certificate", of: &body, settings.isTLSCertificate)
        try credential("ca", of: &body, settings.isAuthority)
    }

    /// The `jwks`: public keys, and small.
    private static func keySet(_ body: inout ObjectReader) throws -> JSON? {
        guard let set = body.value("jwks"), set != .null else { return nil }
        guard case .object = set, set.serialized().count <= longestSet else {
            throw Problem.invalidClientMetadata("jwks must be a JWK Set of at most 64 KiB.", pointer: "/jwks")
        }
        guard !set.hasExponent else {
            throw Problem.invalidClientMetadata("A number in jwks must have no exponent.", pointer: "/jwks")
        }
        do throws(EncryptionKeyError) {
            try EncryptionKeySet(set).checkPublic()
        } catch {
            throw Problem(error)
        }
        return set
    }

    /// The `jwks_uri`: one that may be called.
    private static func keySetURI(
        _ body: inout ObjectReader,
        set: JSON?,
        egress: EgressPolicy
    ) throws -> String? {
        guard let uri = try body.optionalString("jwks_uri", maximumBytes: LogoutURI.maximumBytes) else {
            return nil
        }
        guard set == nil else {
            throw Problem.invalidClientMetadata("jwks and jwks_uri exclude each other.", pointer: "/jwks_uri")
        }
        do throws(ClientMetadataError) {
            _ = try ClientRule(egress: egress).accept(uri: uri)
        } catch {
            throw Problem.invalidClientMetadata(error.rule, pointer: "/jwks_uri")
        }
        return uri
    }

    /// Whether a token can be encrypted: found out by encrypting one, since some keys show only then that they are none.
    private static func check(_ set: JSON, _ alg: KeyManagementAlgorithm, _ enc: ContentEncryption) throws {
        do throws(EncryptionKeyError) {
            let key = try EncryptionKeySet(set).key(for: alg)
            let encryption = try TokenEncryption(alg: alg, enc: enc, key: key, issuer: "https://example.com")
            do throws(KeyError) {
                _ = try encryption.encrypt(Array("token".utf8))
            } catch {
                throw EncryptionKeyError.noKey(alg)
            }
        } catch {
            throw Problem(error)
        }
    }

    /// The name of something that the operator has configured.
    private mutating func credential(
        _ name: String,
        of body: inout ObjectReader,
        _ isKnown: (@Sendable (String) -> Bool)?
    ) throws {
        guard let value = try body.optionalString(name, maximumBytes: 255) else { return }
        guard Grammar.credentialName.accepts(value) else {
            throw Problem.invalidClientMetadata(Grammar.credentialName.rule, pointer: "/\(name)")
        }
        guard isKnown?(value) != false else {
            throw Problem.invalidClientMetadata("Nothing of this name is configured.", pointer: "/\(name)")
        }
        _ = members.append(name, .string(value))
    }
}

extension Problem {
    /// Why a client's keys are refused; never with a part of one.
    fileprivate init(_ error: EncryptionKeyError) {
        self = .invalidClientMetadata(error.rule, pointer: "/jwks\(error.place)")
    }
}

extension JSON {
    /// Whether a number in it is written with an exponent: jsonb would hand `1e131071` back as 131,072 digits.
    fileprivate var hasExponent: Bool {
        switch self {
        case .number(let number): number.text.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }
        case .array(let elements): elements.contains(where: \.hasExponent)
        case .object(let object): object.members.contains { $0.value.hasExponent }
        default: false
        }
    }
}
