internal import COpenSSL
internal import Certificates

/// A fresh signing key that both the product and the calibrator use.
///
/// It belongs to one thread: OpenSSL's key is shared with the calibrator's contexts.
@safe
public final class BenchmarkKey {
    /// `ES256` or `RS256`.
    public let algorithm: String
    /// PKCS#8, not encrypted.
    public let pem: String
    let handle: OpaquePointer

    private static let rsaBits = 2_048

    /// Makes a key: P-256 for `ES256`, 2,048 bits for `RS256`.
    ///
    /// - Parameter algorithm: one of these two.
    /// - Throws: an error where OpenSSL refuses, or for another algorithm.
    public init(_ algorithm: String) throws {
        self.algorithm = algorithm
        let made: OpaquePointer? =
            switch algorithm {
            case "ES256": unsafe lastcall_generate_ec("P-256")
            case "RS256": unsafe lastcall_generate_rsa(Self.rsaBits)
            default: nil
            }
        guard let handle = unsafe made else { throw BenchmarkError("no key for \(algorithm)") }
        unsafe self.handle = unsafe handle
        do {
            pem = unsafe try Certificates.pem { bio in
                unsafe PEM_write_bio_PKCS8PrivateKey(bio, handle, nil, nil, 0, nil, nil)
            }
        } catch {
            unsafe EVP_PKEY_free(handle)
            throw error
        }
    }

    deinit { unsafe EVP_PKEY_free(handle) }
}

@available(*, unavailable)
extension BenchmarkKey: Sendable {}
