import DeliveryPolicy
import DeliveryWorker
import Foundation
import HTTPListener
import HardwareKeys
import HummingbirdCore
import IntakeAPI
import LogoutTokens
import RelyingPartyClient
import Settings

extension LastcallSettings {
    /// Which addresses may be registered and called.
    var addressRule: AddressRule {
        AddressRule(allowPrivateNetworks: allowPrivateNetworks, allowLoopback: allowInsecureLoopback)
    }

    /// What requests to relying parties are tunnelled through.
    var proxy: EgressProxy? {
        egressProxy.map { address in
            EgressProxy(
                isSecure: address.isSecure,
                host: address.host,
                port: address.port,
                credentials: egressProxyCredentials?.reveal(),
                resolvesNames: egressProxyResolvesNames
            )
        }
    }

    /// What signing keys are sealed under.
    func sealingKey() throws -> KeyEncryptionKey? {
        guard let bytes = keyEncryptionKey?.reveal() else { return nil }
        return try KeyEncryptionKey(base64: Data(bytes).base64EncodedString())
    }

    /// The certificates and authorities that clients may name.
    var tlsFolders: TLSFolders {
        TLSFolders(certificates: tlsClientCertificatesDirectory, authorities: authoritiesDirectory)
    }

    /// What opens secrets that were sealed under keys before the current one.
    func previousKeys() throws -> [KeyEncryptionKey] {
        try (previousKeyEncryptionKeys?.reveal() ?? []).map { bytes in
            try KeyEncryptionKey(base64: Data(bytes).base64EncodedString())
        }
    }

    /// The OP's own signer, where there is one.
    func remoteSigner(userAgent: String) throws -> RemoteSigner? {
        guard let url = remoteSignerURL else { return nil }
        var signer = RemoteSignerSettings(url: url)
        signer.token = remoteSignerToken?.reveal()
        signer.caFile = remoteSignerCAFile ?? caFile
        signer.timeout = remoteSignerTimeout
        signer.maximumInFlight = remoteSignerMaxInFlight
        signer.allowsInsecureLoopback = allowInsecureLoopback
        do {
            return try RemoteSigner(signer, userAgent: userAgent)
        } catch RemoteSignerProblem.url {
            throw Failure(
                "remote_signer_url must be an https URL that is not that of a cloud's metadata service",
                code: Failure.misconfigured
            )
        }
    }

    /// The HSM, where there is one.
    func hardwareSigner() -> HardwareSigner? {
        pkcs11Module.map { HardwareSigner(module: $0, pin: pkcs11PIN?.reveal()) }
    }

    /// The API's part of the settings. `isDelivering`: whether this process sends too, so that what is not configured
    /// here is configured nowhere.
    func api(isDelivering: Bool = false) throws -> APISettings {
        var api = APISettings(addressRule: addressRule)
        api.egress = egress
        api.operatorKey = operatorAPIKey?.reveal()
        api.keyEncryptionKey = try sealingKey().map { SealingKey($0) }
        api.keyPublication = keyPublication
        api.retiredKeyPublication = retiredKeyPublication
        let folders = tlsFolders
        if isDelivering || tlsClientCertificatesDirectory != nil {
            api.isTLSCertificate = { folders.hasCertificate(named: $0) }
        }
        if isDelivering || authoritiesDirectory != nil {
            api.isAuthority = { folders.hasAuthority(named: $0) }
        }
        api.bodyLimit = bodyLimit
        api.queueLimit = intakeQueueLimit
        api.waitLimit = waitLimit
        api.auditStreamLimit = auditStreamLimit
        api.inProgressLimit = apiInProgressLimit
        api.keyCallsPerSecond = apiKeyCallsPerSecond
        api.keyBurstCalls = apiKeyBurstCalls
        api.failedAuthenticationsPerSecond = failedAuthenticationsPerSecond
        return api
    }

    /// What callers of the API may send, and how long they may take.
    var listenerLimits: ListenerLimits {
        var limits = ListenerLimits()
        limits.headerDeadline = apiHeaderDeadline
        limits.bodyDeadline = apiBodyDeadline
        limits.bodyFloor = apiBodyFloor
        limits.idleDeadline = apiIdle
        limits.writeDeadline = apiWriteDeadline
        limits.headerBytes = apiHeaderLimit
        limits.headerFields = apiHeaderFieldLimit
        limits.targetBytes = apiTargetLimit
        return limits
    }

    /// What the API's TLS is made of; `nil`: plain HTTP.
    var tlsFiles: TLSFiles? {
        guard let tlsCertificate, let tlsPrivateKey else { return nil }
        return TLSFiles(
            certificateChain: tlsCertificate,
            privateKey: tlsPrivateKey,
            minimumVersion: TLSFiles.MinimumVersion(rawValue: tlsMinimumVersion) ?? .tls13,
            clientCA: tlsClientCA,
            clientCertificates: TLSFiles.ClientCertificates(rawValue: tlsClientCertificates) ?? .required
        )
    }
}

extension ListenAddress {
    var bindAddress: BindAddress {
        switch self {
        case .tcp(let host, let port): .hostname(host, port: Int(port))
        case .unix(let path): .unixDomainSocket(path: path)
        }
    }
}
