import Dispatch
import Foundation
import LastcallTestKit
import Synchronization

/// How an RP keeps an OP's JWK Set: for as long as Cache-Control lets it, and never fetched for an unknown `kid`.
final class JWKSCache: Sendable {
    private struct Copy {
        let verifier: LogoutTokenVerifier
        let until: ContinuousClock.Instant
    }

    /// What became of the tokens.
    struct Tally: Sendable {
        var verified = 0
        var kids: Set<String> = []
        var fetches = 0
        var defects: [String] = []
    }

    private let path: String
    private let port: UInt16
    private let copy = Mutex<Copy?>(nil)
    private let result = Mutex(Tally())

    init(path: String, port: UInt16) {
        self.path = path
        self.port = port
    }

    var tally: Tally { result.withLock { $0 } }

    /// Verifies a token at the moment it comes in, on the RP's thread, and answers as an RP would.
    func receive(_ request: ReceivedRequest, aud: String) -> ScriptedStep {
        do {
            let token = try LogoutRequestVerifier.token(
                method: request.method,
                headers: request.headers.map { ($0.name, $0.value) },
                body: request.body
            )
            let now = Int64(Date().timeIntervalSince1970) + 1
            let claims = try verifier().verify(token, aud: aud, now: now)
            result.withLock { tally in
                tally.verified += 1
                tally.kids.insert(claims.kid)
            }
            return .ok
        } catch {
            result.withLock { $0.defects.append("\(error)") }
            return .status(400)
        }
    }

    private func verifier() throws -> LogoutTokenVerifier {
        try copy.withLock { copy in
            if let copy, ContinuousClock.now < copy.until { return copy.verifier }
            let fetched = try fetch()
            copy = fetched
            return fetched.verifier
        }
    }

    private func fetch() throws -> Copy {
        let answer = Mutex<String?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task { [path, port] in
            let text = await LoopbackCall.whole("GET", path, port: port)
            answer.withLock { $0 = text }
            done.signal()
        }
        done.wait()
        let text = try answer.withLock { $0 }.orThrow()
        let parts = text.components(separatedBy: "\r\n\r\n")
        let age = parts[0].components(separatedBy: "max-age=").last.flatMap {
            Int($0.prefix { $0.isNumber })
        }
        let body = parts.dropFirst().joined(separator: "\r\n\r\n")
        result.withLock { $0.fetches += 1 }
        return Copy(
            verifier: try LogoutTokenVerifier(jwks: Array(body.utf8), iss: Fleet.iss),
            until: .now + .seconds(age ?? 0)
        )
    }
}

extension String? {
    fileprivate func orThrow() throws -> String {
        guard let self else { throw CocoaError(.fileReadUnknown) }
        return self
    }
}
