/// Host names that are defined to lead to a closed address, and are refused where a URI is registered.
///
/// Names are not judged by their looks: what `rp.internal` or `rp.local` leads to shows when it is resolved, and the
/// address is judged each time. For the names here it is known beforehand, and a caller should learn of it at once.
public struct ClosedName: Sendable, Hashable {
    /// What the name stands for.
    public let reason: String

    /// Whether it is open where loopback is.
    let isLoopback: Bool

    /// Looks a host up; `nil` for every ordinary one. `localhost` and all names below it are loopback (RFC 6761
    /// §6.3); the others are metadata services of clouds.
    init?(_ host: LogoutURI.Host) {
        guard case .name(let name) = host else { return nil }
        if Self.loopback.contains(where: { $0.matches(host) }) {
            (reason, isLoopback) = ("a name of loopback addresses, RFC 6761 §6.3", true)
        } else if let cloud = Self.metadata[name] {
            (reason, isLoopback) = ("the metadata service of \(cloud)", false)
        } else {
            return nil
        }
    }

    private static let loopback = ["localhost", "*.localhost"].compactMap(HostPattern.init)

    private static let metadata = [
        "metadata.google.internal": "Google Cloud", "metadata.goog": "Google Cloud",
        "instance-data": "AWS", "instance-data.ec2.internal": "AWS",
        "metadata.tencentyun.com": "Tencent Cloud", "api.metadata.cloud.ibm.com": "IBM Cloud",
    ]
}
