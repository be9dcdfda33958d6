import COpenSSL
import Glibc

/// One certificate authority for a whole test process, and the file that makes clients trust it.
public struct TestAuthority: Sendable {
    /// Issues the certificates of scripted servers.
    public let authority: CertificateAuthority
    /// A PEM file with its certificate, removed when the process ends.
    public let caFile: String

    /// The process's authority.
    ///
    /// - Throws: ``CertificateError`` or ``ScriptedRelyingPartyError``, the same each time.
    public static func shared() throws -> TestAuthority {
        try made.get()
    }

    private static let made = Result { try TestAuthority() }

    private init() throws {
        authority = try CertificateAuthority(commonName: "Lastcall test authority")
        var path = Array("/tmp/lastcall-test-ca-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&path)
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        defer { close(descriptor) }
        caFile = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pem = Array(authority.certificatePEM.utf8)
        guard unsafe write(descriptor, pem, pem.count) == pem.count else {
            throw ScriptedRelyingPartyError.socket(errno: errno)
        }
        atexit {
            if let made = try? TestAuthority.shared() { unsafe unlink(made.caFile) }
        }
    }
}
