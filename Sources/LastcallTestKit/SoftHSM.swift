import FoundationEssentials

/// A token of SoftHSM in a folder of its own: what a PKCS#11 library of an HSM is to a process that loads it.
public final class SoftHSM: Sendable {
    /// The PKCS#11 library.
    public static let module = "/usr/lib/softhsm/libsofthsm2.so"
    /// The user PIN of every token.
    public static let pin = "81726354"

    /// The variable that leads the library to this token, for a process that loads it.
    public let environment: [String: String]
    private let folder: String
    private let label: String

    /// Makes a folder without a token.
    ///
    /// - Parameter label: the token's label.
    /// - Throws: ``TestKitError``.
    public init(label: String = "lastcall") throws {
        self.label = label
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("lastcall-hsm-\(UUID())").path
        let configuration = """
            directories.tokendir = \(folder)/tokens
            objectstore.backend = file
            log.level = ERROR

            """
        guard
            (try? FileManager.default.createDirectory(
                atPath: folder + "/tokens",
                withIntermediateDirectories: true
            )) != nil,
            FileManager.default.createFile(
                atPath: folder + "/softhsm2.conf",
                contents: Data(configuration.utf8)
            )
        else { throw TestKitError("no folder for a token") }
        environment = ["SOFTHSM2_CONF": folder + "/softhsm2.conf"]
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes the token, without keys.
    ///
    /// - Throws: ``TestKitError`` where SoftHSM is not installed.
    public func plugIn() throws {
        try run("--init-token --free --label \(label) --pin \(Self.pin) --so-pin 12345678")
    }

    /// Puts a key on the token.
    ///
    /// - Parameters:
    ///   - pem: an unencrypted PKCS#8 private key in PEM.
    ///   - name: the object's label.
    ///   - id: its id, in hex.
    /// - Throws: ``TestKitError``.
    public func add(pem: String, named name: String, id: String) throws {
        let file = folder + "/\(name).pem"
        guard FileManager.default.createFile(atPath: file, contents: Data(pem.utf8)) else {
            throw TestKitError("\(file) cannot be written")
        }
        defer { try? FileManager.default.removeItem(atPath: file) }
        try run("--import \(file) --token \(label) --label \(name) --id \(id) --pin \(Self.pin)")
    }

    /// The URI of a key on the token.
    public func uri(of name: String) -> String { "pkcs11:token=\(label);object=\(name)" }

    private func run(_ arguments: String) throws {
        try Shell.run(
            "SOFTHSM2_CONF=$1 exec softhsm2-util \(arguments) >/dev/null 2>&1",
            [folder + "/softhsm2.conf"]
        )
    }
}
