import DeliveryPolicy
import Foundation
import HummingbirdCore
import IntakeAPI
import LogoutTokens
import Settings

extension LastcallSettings {
    /// Which addresses may be registered and called.
    var addressRule: AddressRule {
        AddressRule(allowPrivateNetworks: allowPrivateNetworks, allowLoopback: allowInsecureLoopback)
    }

    /// What signing keys are sealed under.
    func sealingKey() throws -> KeyEncryptionKey? {
        guard let bytes = keyEncryptionKey?.reveal() else { return nil }
        return try KeyEncryptionKey(base64: Data(bytes).base64EncodedString())
    }

    /// The API's part of the settings.
    func api() throws -> APISettings {
        var api = APISettings(addressRule: addressRule)
        api.egress = egress
        api.operatorKey = operatorAPIKey?.reveal()
        api.keyEncryptionKey = try sealingKey()
        api.keyPublication = keyPublication
        api.retiredKeyPublication = retiredKeyPublication
        api.bodyLimit = bodyLimit
        api.queueLimit = intakeQueueLimit
        api.waitLimit = waitLimit
        api.auditStreamLimit = auditStreamLimit
        return api
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
