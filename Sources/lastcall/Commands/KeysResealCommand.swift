import ArgumentParser
import LogoutTokens
import Outbox
import StrictJSON

extension KeysCommand {
    /// `lastcall keys reseal`: everything that is sealed, under the current key-encryption key.
    struct Reseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Seal every private key, webhook secret and receiver's header under the current key-encryption key.",
            discussion: """
                Opens with key_encryption_key and previous_key_encryption_keys, in small steps beside everything that \
                runs; cut off, it goes on where it is run again. Once nothing is left under a previous key, that key \
                may be dropped from the settings. Exit code 1 while something is left.
                """
        )
        @OptionGroup var options: OperatorOptions
        @Flag(help: "Only say what would be sealed anew.") var dryRun = false
        @Flag(help: "Only say whether something is left under another key: exit code 1 if so.") var check =
            false

        func validate() throws {
            guard !(dryRun && check) else { throw ValidationError("Give either --dry-run or --check.") }
        }

        func run() async throws {
            try await options.withRuntime { runtime in
                guard let current = try runtime.settings.sealingKey() else {
                    throw Failure(
                        "LASTCALL_KEY_ENCRYPTION_KEY is needed (or ..._FILE)",
                        code: Failure.misconfigured
                    )
                }
                let ring = KeyRing(current, previous: try runtime.settings.previousKeys())
                var report = ResealReport(ring: ring, counts: try await runtime.store.sealCounts())
                if !dryRun, !check {
                    report = try await reseal(report, runtime.store)
                }
                if options.json { print(report.json) } else { print(report.text, terminator: "") }
                if report.left > 0, !dryRun { throw Failure.refused }
            }
        }

        /// Goes through all rows, and again for those that others held, as long as that helps.
        private func reseal(_ start: ResealReport, _ store: OutboxStore) async throws -> ResealReport {
            var report = start
            var progress = ProgressBar()
            let total = report.left
            var before: Int
            repeat {
                before = report.left
                var position = ResealPosition.beginning
                while !position.isEnd {
                    let step = try await store.reseal(
                        after: position,
                        under: report.ring.current.id,
                        actor: "cli"
                    ) { [ring = report.ring] in ring.resealed($0) }
                    report.signingKeys += step.signingKeys
                    report.webhookSecrets += step.webhookSecrets
                    report.authorizationHeaders += step.authorizationHeaders
                    position = step.next
                    progress.show(report.resealed, of: total, "sealed anew")
                }
                report.counts = try await store.sealCounts()
            } while report.left > report.lost && report.left < before
            progress.finish()
            return report
        }
    }
}

extension KeyRing {
    /// The new seal of a stored one; `nil` where this ring does not open it.
    func resealed(_ stored: StoredSeal) -> [UInt8]? {
        let issuer = Array(stored.issuerName.utf8)
        switch stored.content {
        case .signingKey(let kid, let alg):
            guard let alg = SignatureAlgorithm(rawValue: alg) else { return nil }
            let sealed = try? SealedKey(bytes: stored.bytes)
            return try? sealed?.resealed(issuerID: issuer, kid: kid, algorithm: alg, with: self)?.bytes
        case .webhookSecret:
            return try? WebhookSecret.resealed(stored.bytes, issuerID: issuer, with: self)?.bytes
        case .authorizationHeader(let clientID, let url):
            let owner = AuthorizationHeader.Owner(issuer: stored.issuerName, clientID: clientID, url: url)
            return try? AuthorizationHeader.resealed(stored.bytes, of: owner, with: self)?.bytes
        }
    }
}
