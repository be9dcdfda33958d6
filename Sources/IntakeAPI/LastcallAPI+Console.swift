public import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox

/// What somebody who shows an API key to the console is.
public enum SignInFinding: Sendable, Hashable {
    /// The holder of an issued key.
    case issued(UUID)
    /// The holder of the operator key of the settings.
    case configured
    /// Nobody: the key is unknown, wrong, revoked or expired.
    case nobody
    /// Not looked at: too many were wrong of late, or the key has made too many calls.
    case tooMany
    /// Nobody can say now.
    case unavailable
}

/// The doors through which the console calls the API: it has seen the key, and remembers whose it is.
extension LastcallAPI {
    /// Judges a key as every call does.
    public func signIn(with key: String) async -> SignInFinding {
        let request = APIRequest(method: "GET", path: "/", headers: [("authorization", "Bearer \(key)")]) {
            _ in []
        }
        do {
            let principal = try await authenticator.principal(of: request)
            return UUID(uuidString: principal.actor).map { .issued($0) } ?? .configured
        } catch let problem as Problem {
            return problem.status == 429 ? .tooMany : .nobody
        } catch {
            return .unavailable
        }
    }

    /// What only the operator key of the settings makes of a secret; `nil` where none is set.
    public func operatorProof(over secret: [UInt8]) -> [UInt8]? { authenticator.operatorProof(over: secret) }

    /// Answers a call of somebody who has shown this key before; it must still hold, and is counted as the key's.
    public func respond(to request: APIRequest, as key: UUID) async -> APIResponse {
        await answer(request) { try await self.authenticator.principal(of: key, counts: $0) }
    }

    /// Answers a call of somebody who has shown the operator key of the settings before; it is counted as the key's.
    public func respondToConfiguredOperator(_ request: APIRequest) async -> APIResponse {
        await answer(request) { try self.authenticator.configuredOperator(counts: $0) }
    }
}
