import COpenSSL
import LastcallTestKit
import Testing

@Suite("Certificate authority")
struct CertificateAuthorityTests {
    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority(commonName: "Test CA")
    }

    /// What OpenSSL's chain check says; it looks at signatures, validity, purpose and names.
    func verdict(
        on issued: IssuedCertificate,
        trusting authority: CertificateAuthority,
        name: String? = nil,
        address: String? = nil
    ) throws -> Int32 {
        let root = unsafe try #require(Self.certificate(authority.certificatePEM))
        defer { unsafe X509_free(root) }
        let leaf = unsafe try #require(Self.certificate(issued.certificatePEM))
        defer { unsafe X509_free(leaf) }
        let store = unsafe try #require(X509_STORE_new())
        defer { unsafe X509_STORE_free(store) }
        unsafe #expect(X509_STORE_add_cert(store, root) == 1)
        let context = unsafe try #require(X509_STORE_CTX_new())
        defer { unsafe X509_STORE_CTX_free(context) }
        unsafe #expect(X509_STORE_CTX_init(context, store, leaf, nil) == 1)
        let rules = unsafe X509_STORE_CTX_get0_param(context)
        unsafe X509_VERIFY_PARAM_set_flags(rules, UInt(X509_V_FLAG_X509_STRICT))
        unsafe X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER)
        if let name { unsafe #expect(X509_VERIFY_PARAM_set1_host(rules, name, 0) == 1) }
        if let address { unsafe #expect(X509_VERIFY_PARAM_set1_ip_asc(rules, address) == 1) }
        unsafe X509_verify_cert(context)
        return unsafe X509_STORE_CTX_get_error(context)
    }

    static func certificate(_ pem: String) -> OpaquePointer? {
        unsafe Array(pem.utf8).withUnsafeBytes { text in
            guard let bio = unsafe BIO_new_mem_buf(text.baseAddress, Int32(text.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
    }

    @Test("a certificate is good for its names and addresses, under its authority")
    func good() throws {
        let issued = try authority.issue(
            names: ["rp.example.test", "*.b.test"],
            addresses: ["127.0.0.1", "::1"]
        )
        for name in ["rp.example.test", "a.b.test"] {
            #expect(try verdict(on: issued, trusting: authority, name: name) == X509_V_OK)
        }
        for address in ["127.0.0.1", "::1"] {
            #expect(try verdict(on: issued, trusting: authority, address: address) == X509_V_OK)
        }
    }

    @Test("it is good for nothing else")
    func otherHost() throws {
        let issued = try authority.issue(names: ["rp.example.test"], addresses: ["127.0.0.1"])
        #expect(
            try verdict(on: issued, trusting: authority, name: "other.test") == X509_V_ERR_HOSTNAME_MISMATCH
        )
        #expect(
            try verdict(on: issued, trusting: authority, address: "127.0.0.2")
                == X509_V_ERR_IP_ADDRESS_MISMATCH
        )
    }

    @Test("an expired certificate is expired and nothing else")
    func expired() throws {
        let issued = try authority.issue(names: ["rp.example.test"], addresses: [], expired: true)
        #expect(try verdict(on: issued, trusting: authority) == X509_V_ERR_CERT_HAS_EXPIRED)
    }

    @Test("another authority of the same name does not vouch for it")
    func unknownAuthority() throws {
        let other = try CertificateAuthority(commonName: "Test CA")
        let issued = try other.issue(names: ["rp.example.test"], addresses: [])
        #expect(try verdict(on: issued, trusting: authority) != X509_V_OK)
        #expect(try verdict(on: issued, trusting: other) == X509_V_OK)
    }

    @Test("an address that is none is an error")
    func badAddress() {
        #expect(throws: CertificateError.refused(step: "extension IP:nowhere")) {
            try authority.issue(names: [], addresses: ["nowhere"])
        }
    }
}
