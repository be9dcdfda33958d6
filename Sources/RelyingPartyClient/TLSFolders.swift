import DeliveryPolicy
import Glibc
import Synchronization

/// The certificates and authorities that an operator has configured, by the names of their files.
///
/// `<name>.pem` holds a certificate, its chain and its key, or `<name>.crt` and `<name>.key` do; an authority is
/// `<name>.pem` in a folder of its own. A file that has changed is read again, at most a second late.
public final class TLSFolders: Sendable {
    private let certificates: String?
    private let authorities: String?
    private let known = Mutex<[Names: Entry]>([:])

    /// How long a file is believed to be what it was.
    private static let lookAgainNanoseconds: UInt64 = 1_000_000_000

    private struct Names: Hashable, Sendable {
        let certificate: String?
        let authority: String?
    }

    private struct Entry: Sendable {
        let identity: TLSIdentity
        let stamps: [FileStamp]
        var seenAt: UInt64
    }

    /// Folders that need not exist yet.
    ///
    /// - Parameters:
    ///   - certificates: where certificates of this side are; none are configured unless told.
    ///   - authorities: where authorities of clients are; none are configured unless told.
    public init(certificates: String? = nil, authorities: String? = nil) {
        self.certificates = certificates
        self.authorities = authorities
    }

    /// Whether a certificate of this name is configured.
    public func hasCertificate(named name: String) -> Bool {
        (try? identity(certificate: name, authority: nil)) != nil
    }

    /// Whether an authority of this name is configured.
    public func hasAuthority(named name: String) -> Bool {
        (try? identity(certificate: nil, authority: name)) != nil
    }

    /// What a client's connections are made with; the same object for as long as the files stay the same.
    ///
    /// - Parameters:
    ///   - certificate: the name of what this side shows; nothing unless told.
    ///   - authority: the name of whom it trusts; the configured authorities unless told.
    /// - Returns: `nil` where neither is named.
    /// - Throws: ``TLSIdentityError``.
    public func identity(certificate: String?, authority: String?) throws(TLSIdentityError) -> TLSIdentity? {
        guard certificate != nil || authority != nil else { return nil }
        let names = Names(certificate: certificate, authority: authority)
        let now = monotonicNanoseconds()
        let entry = known.withLock { $0[names] }
        if let entry, now - entry.seenAt < Self.lookAgainNanoseconds { return entry.identity }
        let paths = try self.paths(of: names)
        let stamps = paths.map(FileStamp.init)
        if let entry, entry.stamps == stamps {
            known.withLock { $0[names]?.seenAt = now }
            return entry.identity
        }
        var chain: (chain: [UInt8], key: [UInt8])?
        var trusted: [UInt8]?
        var files: [[UInt8]] = []
        for path in paths { files.append(try SmallFile.read(path)) }
        if authority != nil { trusted = files.removeLast() }
        if let first = files.first, let last = files.last { chain = (first, last) }
        let identity = try TLSIdentity(certificate: chain, authorities: trusted)
        known.withLock { $0[names] = Entry(identity: identity, stamps: stamps, seenAt: now) }
        return identity
    }

    /// The files with private keys that others than their owner and its group may read, or that the group may change.
    public func exposedKeyFiles() -> [String] {
        guard let certificates, let names = SmallFile.names(in: certificates) else { return [] }
        return names.sorted().filter { $0.hasSuffix(".pem") || $0.hasSuffix(".key") }
            .map { "\(certificates)/\($0)" }.filter { FileStamp($0).isExposed }
    }

    /// The certificate's file or files, then the authority's.
    private func paths(of names: Names) throws(TLSIdentityError) -> [String] {
        var paths: [String] = []
        if let name = names.certificate {
            let folder = try Self.checked(certificates, name)
            if FileStamp("\(folder)/\(name).pem").exists {
                paths = ["\(folder)/\(name).pem"]
            } else {
                paths = ["\(folder)/\(name).crt", "\(folder)/\(name).key"]
            }
        }
        if let name = names.authority {
            paths.append("\(try Self.checked(authorities, name))/\(name).pem")
        }
        return paths
    }

    /// The folder, once the name is known to lead nowhere else.
    private static func checked(_ folder: String?, _ name: String) throws(TLSIdentityError) -> String {
        guard Grammar.credentialName.accepts(name) else { throw .name(name) }
        guard let folder else { throw .missing(name) }
        return folder
    }
}
