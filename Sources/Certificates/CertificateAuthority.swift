internal import COpenSSL

/// A throw-away certificate authority for servers on loopback, of tests and benchmarks: it lives in memory and for a day.
///
/// What a test can get wrong on purpose: an unknown issuer (a second authority of the same name), another
/// host (other `names`), a validity that is over (`expired: true`). Which TLS versions and ciphers are spoken
/// is the server's affair. All keys are EC P-256; certificates serve servers and clients alike.
///
/// `@unchecked Sendable`: the key and the certificate are never changed after `init`, and OpenSSL counts
/// references to both atomically.
@safe
public final class CertificateAuthority: @unchecked Sendable {
    /// The authority's own certificate, to be trusted by clients. PEM.
    public let certificatePEM: String

    private let key: OpaquePointer
    private let certificate: OpaquePointer

    /// Makes an authority with a fresh key.
    ///
    /// - Parameter commonName: its subject's common name, 1 to 64 bytes of UTF-8.
    /// - Throws: ``CertificateError`` where OpenSSL refuses a step.
    public init(commonName: String) throws {
        let key = unsafe try checked(lastcall_generate_ec("P-256"), "generate key")
        do {
            let certificate = unsafe try checked(X509_new(), "new certificate")
            do {
                unsafe try Self.describe(certificate, subject: commonName, key: key, days: -1...1)
                unsafe try accepted(
                    X509_set_issuer_name(certificate, X509_get_subject_name(certificate)),
                    "set issuer"
                )
                unsafe try Self.extend(
                    certificate,
                    issuer: certificate,
                    NID_basic_constraints,
                    "critical,CA:TRUE"
                )
                unsafe try Self.extend(
                    certificate,
                    issuer: certificate,
                    NID_key_usage,
                    "critical,keyCertSign"
                )
                unsafe try Self.extend(certificate, issuer: certificate, NID_subject_key_identifier, "hash")
                unsafe try accepted(X509_sign(certificate, key, EVP_sha256()), "sign")
                certificatePEM = unsafe try pem { bio in unsafe PEM_write_bio_X509(bio, certificate) }
            } catch {
                unsafe X509_free(certificate)
                throw error
            }
            unsafe self.certificate = certificate
        } catch {
            unsafe EVP_PKEY_free(key)
            throw error
        }
        unsafe self.key = key
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// Issues a certificate with a fresh key.
    ///
    /// - Parameters:
    ///   - names: DNS names it is good for; `*.example.test` is allowed. The first is the common name too.
    ///   - addresses: IPv4 and IPv6 addresses it is good for, in text.
    ///   - expired: whether its validity ended yesterday.
    ///   - selfSigned: whether it is signed with its own key, by nobody else.
    /// - Returns: the certificate and its key; the chain is this one certificate and the authority's.
    /// - Throws: ``CertificateError`` where OpenSSL refuses a step, such as an address that is none.
    public func issue(
        names: [String],
        addresses: [String],
        expired: Bool = false,
        selfSigned: Bool = false
    ) throws -> IssuedCertificate {
        let key = unsafe try checked(lastcall_generate_ec("P-256"), "generate key")
        defer { unsafe EVP_PKEY_free(key) }
        let issued = unsafe try checked(X509_new(), "new certificate")
        defer { unsafe X509_free(issued) }
        unsafe try Self.describe(
            issued,
            subject: names.first ?? addresses.first ?? "nobody",
            key: key,
            days: expired ? -3 ... -1 : -1...1
        )
        let issuer = unsafe selfSigned ? issued : certificate
        unsafe try accepted(X509_set_issuer_name(issued, X509_get_subject_name(issuer)), "set issuer")
        let alternatives = names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        if !alternatives.isEmpty {
            let text = alternatives.joined(separator: ",")
            unsafe try Self.extend(issued, issuer: certificate, NID_subject_alt_name, text)
        }
        unsafe try Self.extend(issued, issuer: certificate, NID_basic_constraints, "critical,CA:FALSE")
        unsafe try Self.extend(issued, issuer: certificate, NID_key_usage, "critical,digitalSignature")
        unsafe try Self.extend(issued, issuer: certificate, NID_ext_key_usage, "serverAuth,clientAuth")
        if !selfSigned {
            unsafe try Self.extend(issued, issuer: certificate, NID_authority_key_identifier, "keyid:always")
        }
        unsafe try accepted(X509_sign(issued, selfSigned ? key : self.key, EVP_sha256()), "sign")
        return unsafe IssuedCertificate(
            certificatePEM: try pem { bio in unsafe PEM_write_bio_X509(bio, issued) },
            privateKeyPEM: try pem { bio in
                unsafe PEM_write_bio_PKCS8PrivateKey(bio, key, nil, nil, 0, nil, nil)
            }
        )
    }

    /// Sets version 3, a random serial number, the subject, the public key and the validity in days from now.
    private static func describe(
        _ certificate: OpaquePointer,
        subject: String,
        key: OpaquePointer,
        days: ClosedRange<Int>
    ) throws {
        unsafe try accepted(X509_set_version(certificate, 2), "set version")
        let serial = Int64.random(in: 1...Int64.max)
        unsafe try accepted(
            ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial),
            "set serial number"
        )
        let name = unsafe X509_get_subject_name(certificate)
        unsafe try accepted(
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, subject, -1, -1, 0),
            "set subject"
        )
        unsafe try accepted(X509_set_pubkey(certificate, key), "set public key")
        let day = 86_400
        let first = unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), days.lowerBound * day)
        let last = unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days.upperBound * day)
        _ = unsafe try checked(first, "set start")
        _ = unsafe try checked(last, "set end")
    }

    /// Adds one extension, written as in an OpenSSL configuration file.
    private static func extend(
        _ certificate: OpaquePointer,
        issuer: OpaquePointer,
        _ kind: Int32,
        _ value: String
    ) throws {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        let made = unsafe X509V3_EXT_conf_nid(nil, &context, kind, value)
        let built = unsafe try checked(made, "extension \(value)")
        defer { unsafe X509_EXTENSION_free(built) }
        unsafe try accepted(X509_add_ext(certificate, built, -1), "extension \(value)")
    }
}

/// A certificate that a ``CertificateAuthority`` issued, with its key.
public struct IssuedCertificate: Sendable {
    /// The certificate alone. PEM.
    public let certificatePEM: String
    /// Its private key, PKCS#8, not encrypted. PEM.
    public let privateKeyPEM: String
}

/// Why there is no certificate.
public enum CertificateError: Error, Sendable, Hashable {
    /// OpenSSL refused this step.
    case refused(step: String)
}

private func checked<Pointer>(_ pointer: Pointer?, _ step: String) throws -> Pointer {
    guard let pointer else { throw CertificateError.refused(step: step) }
    return pointer
}

private func accepted(_ result: Int32, _ step: String) throws {
    guard result > 0 else { throw CertificateError.refused(step: step) }
}

/// Collects what OpenSSL writes in PEM.
///
/// - Parameter write: puts it into a memory `BIO`; its answer is OpenSSL's, positive where it could.
/// - Returns: the text.
/// - Throws: ``CertificateError`` where OpenSSL could not.
public func pem(_ write: (OpaquePointer) -> Int32) throws -> String {
    let bio = unsafe try checked(BIO_new(BIO_s_mem()), "new buffer")
    defer { unsafe BIO_free(bio) }
    unsafe try accepted(write(bio), "write PEM")
    var bytes: UnsafePointer<UInt8>?
    let count = unsafe lastcall_bio_bytes(bio, &bytes)
    let written = unsafe UnsafeBufferPointer(start: bytes, count: max(0, count))
    return unsafe String(decoding: written, as: UTF8.self)
}
