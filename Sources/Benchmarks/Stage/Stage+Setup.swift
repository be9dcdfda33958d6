internal import Certificates
internal import FoundationEssentials

/// What most scenarios begin with: relying parties, an issuer with a key, clients.
extension Stage {
    /// The relying parties' process, and how to speak with it.
    public struct RelyingParties {
        /// The process, for its CPU time.
        public let process: ChildProgram
        /// What it is told and asked.
        public let sink: SinkHandle
    }

    /// Starts relying parties over HTTPS, each at a port of its own of 127.0.0.1, so each an origin of its own.
    ///
    /// - Parameter count: how many.
    /// - Returns: the process, which ends with the stage.
    /// - Throws: an error where there are not as many ports.
    public func startRelyingParties(_ count: Int) throws -> RelyingParties {
        let issued = try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"])
        try write(issued.certificatePEM, to: "rp.pem")
        try write(issued.privateKeyPEM, to: "rp.key")
        let process = try startPiped([
            "bench-sink", "--ports", "\(count)", "--certificate", folder + "/rp.pem", "--key",
            folder + "/rp.key",
        ])
        return RelyingParties(process: process, sink: try SinkHandle(process))
    }

    /// Makes an issuer that signs with a key of ours.
    ///
    /// - Parameters:
    ///   - name: of the issuer.
    ///   - key: what it signs with.
    ///   - api: of a product on this stage.
    /// - Throws: ``BenchmarkError`` where the API refuses.
    public func makeIssuer(_ name: String, key: BenchmarkKey, by api: APICaller) throws {
        try api.call("PUT", "/v1/issuers/\(name)", #"{"issuer": "\#(Self.issuerURL)"}"#)
        let pem = key.pem.split(separator: "\n").joined(separator: "\\n") + "\\n"
        try api.call(
            "POST",
            "/v1/issuers/\(name)/signing-keys",
            #"{"pem": "\#(pem)", "alg": "\#(key.algorithm)"}"#
        )
    }

    /// Makes a client for each port: `c0`, `c1`, ...
    ///
    /// - Parameters:
    ///   - ports: of relying parties.
    ///   - issuer: the issuer's name.
    ///   - algorithm: what its tokens are signed with.
    ///   - api: of a product on this stage.
    /// - Throws: ``BenchmarkError`` where the API refuses.
    public func makeClients(_ ports: [UInt16], of issuer: String, algorithm: String, by api: APICaller) throws
    {
        for (index, port) in ports.enumerated() {
            try Interrupt.check()
            try api.call(
                "PUT",
                "/v1/issuers/\(issuer)/clients/c\(index)",
                #"{"backchannel_logout_uri": "https://127.0.0.1:\#(port)/bcl", "#
                    + #""id_token_signed_response_alg": "\#(algorithm)"}"#
            )
        }
    }

    /// The `iss` of the issuers of ``makeIssuer(_:key:by:)``.
    public static let issuerURL = "https://op.example.com"

    func write(_ text: String, to name: String) throws {
        guard FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(text.utf8)) else {
            throw BenchmarkError("\(folder)/\(name) cannot be written")
        }
    }
}
