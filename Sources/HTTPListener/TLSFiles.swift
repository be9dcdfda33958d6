import NIOCore
import NIOSSL

/// What the listener's TLS is made of: files, and how strict it is.
public struct TLSFiles: Sendable, Hashable {
    /// What is asked of callers.
    public enum ClientCertificates: String, Sendable, Hashable, CaseIterable {
        /// No certificate is asked for.
        case none
        /// One that is shown must be good.
        case optional
        /// There must be a good one.
        case required
    }

    /// The oldest version that is spoken.
    public enum MinimumVersion: String, Sendable, Hashable, CaseIterable {
        /// TLS 1.2, with forward secrecy and authenticated encryption only.
        case tls12 = "1.2"
        /// TLS 1.3.
        case tls13 = "1.3"
    }

    /// The certificate and those between it and its authority, in PEM.
    public var certificateChain: String
    /// The certificate's private key, in PEM, not encrypted.
    public var privateKey: String
    /// The oldest version that is spoken.
    public var minimumVersion: MinimumVersion
    /// The authorities of callers' certificates, in PEM.
    public var clientCA: String?
    /// What is asked of callers.
    public var clientCertificates: ClientCertificates

    /// Names the files; nothing is read.
    public init(
        certificateChain: String,
        privateKey: String,
        minimumVersion: MinimumVersion = .tls12,
        clientCA: String? = nil,
        clientCertificates: ClientCertificates = .none
    ) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.minimumVersion = minimumVersion
        self.clientCA = clientCA
        self.clientCertificates = clientCertificates
    }

    /// The files' paths.
    var paths: [String] { [certificateChain, privateKey] + (clientCA.map { [$0] } ?? []) }

    /// Reads the files, and checks that the key is the certificate's.
    func load() throws(TLSProblem) -> LoadedTLS {
        let chain = try Self.certificates(certificateChain)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: privateKey, format: .pem)
        } catch {
            throw .unreadableKey(path: privateKey)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.cipherSuiteValues = Self.ciphers
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        if clientCertificates != .none {
            guard let clientCA else { throw .noClientCA }
            configuration.trustRoots = .certificates(try Self.certificates(clientCA))
            configuration.sendCANameList = true
            configuration.certificateVerification =
                clientCertificates == .required ? .noHostnameVerification : .optionalVerification
        }
        do {
            let end = chain.first.map { Int64($0.notValidAfter) } ?? 0
            return LoadedTLS(context: try NIOSSLContext(configuration: configuration), notValidAfter: end)
        } catch {
            throw .mismatch(certificate: certificateChain, key: privateKey)
        }
    }

    /// For TLS 1.2; those of TLS 1.3 are all of this kind.
    private static let ciphers: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private static func certificates(_ path: String) throws(TLSProblem) -> [NIOSSLCertificate] {
        let found = (try? NIOSSLCertificate.fromPEMFile(path)) ?? []
        guard !found.isEmpty else { throw .unreadableCertificate(path: path) }
        return found
    }
}

/// The files, read.
struct LoadedTLS: Sendable {
    let context: NIOSSLContext
    /// The end of the certificate's validity, in seconds since 1970.
    let notValidAfter: Int64
}

/// Why TLS cannot be spoken with these files; never what is in them.
public enum TLSProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file cannot be read, or holds no certificate in PEM.
    case unreadableCertificate(path: String)
    /// The file cannot be read, or holds no private key in PEM that is not encrypted.
    case unreadableKey(path: String)
    /// The certificate and the key do not belong together, or cannot be used.
    case mismatch(certificate: String, key: String)
    /// Callers' certificates are asked for, and nobody vouches for them.
    case noClientCA

    /// One line for the operator.
    public var description: String {
        switch self {
        case .unreadableCertificate(let path): "\(path): no certificate in PEM can be read"
        case .unreadableKey(let path): "\(path): no unencrypted private key in PEM can be read"
        case .mismatch(let certificate, let key): "\(certificate) and \(key) cannot be used together"
        case .noClientCA: "client certificates are asked for without a file of authorities"
        }
    }
}
