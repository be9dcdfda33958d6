import Foundation
import LogoutTokens
import Settings

/// What `up` keeps beside its Postgres: the key-encryption key and the first operator key, both mode 0600.
struct DataFolder {
    let path: String

    /// The secrets of `up`, as settings that the environment would carry.
    struct Secrets {
        var environment: [String: String] = [:]
        /// The operator key, if it was made just now.
        var newOperatorKey: String?
        let operatorKeyPath: String
    }

    func create() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
        } catch {
            throw Failure("the data folder \(path) cannot be made", code: Failure.misconfigured)
        }
    }

    /// Makes what is missing; what a setting gives is left alone.
    func secrets(for settings: LastcallSettings) throws -> Secrets {
        var secrets = Secrets(operatorKeyPath: file("operator-api-key"))
        if settings.keyEncryptionKey == nil {
            let (key, _) = try keep("key-encryption-key") { Base64.encode(try Digests.randomBytes(32)) }
            secrets.environment["LASTCALL_KEY_ENCRYPTION_KEY"] = key
            secrets.environment.merge(previousKeys(settings)) { $1 }
        }
        if settings.operatorAPIKey == nil {
            let (key, isNew) = try keep("operator-api-key") {
                "lc_operator_" + Base64.urlEncode(try Digests.randomBytes(32))
            }
            secrets.environment["LASTCALL_OPERATOR_API_KEY"] = key
            secrets.newOperatorKey = isNew ? key : nil
        }
        return secrets
    }

    /// The key-encryption keys of this folder, as settings that the environment would carry: those that no setting gives.
    func existingKeys(for settings: LastcallSettings) -> [String: String] {
        guard settings.keyEncryptionKey == nil,
            let key = try? String(contentsOfFile: file("key-encryption-key"), encoding: .utf8).trimmed
        else { return [:] }
        return previousKeys(settings).merging(["LASTCALL_KEY_ENCRYPTION_KEY": key]) { $1 }
    }

    /// The keys that an operator has put aside in this folder while `lastcall keys reseal` replaces them.
    private func previousKeys(_ settings: LastcallSettings) -> [String: String] {
        guard settings.previousKeyEncryptionKeys == nil,
            let keys = try? String(contentsOfFile: file("previous-key-encryption-keys"), encoding: .utf8)
                .trimmed,
            !keys.isEmpty
        else { return [:] }
        return ["LASTCALL_PREVIOUS_KEY_ENCRYPTION_KEYS": keys]
    }

    private func file(_ name: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(name).path
    }

    /// A secret's file: read if it is there, otherwise made, complete or not at all.
    private func keep(_ name: String, make: () throws -> String) throws -> (value: String, isNew: Bool) {
        let path = file(name)
        if FileManager.default.fileExists(atPath: path) {
            guard let value = try? String(contentsOfFile: path, encoding: .utf8).trimmed, !value.isEmpty
            else {
                throw Failure("\(path) cannot be read, or is empty", code: Failure.misconfigured)
            }
            return (value, false)
        }
        let value = try make()
        let draft = path + ".new"
        guard
            FileManager.default.createFile(
                atPath: draft,
                contents: Data((value + "\n").utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw Failure("\(draft) cannot be written", code: Failure.misconfigured) }
        try FileManager.default.moveItem(atPath: draft, toPath: path)
        return (value, true)
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
