import DeliveryWorker
import LastcallTestKit
import LogoutTokens
import StrictJSON

/// A signer of an OP: it has keys by name, and answers as docs/remote-signer.md says, or as a test does.
struct ScriptedSigner: Sendable {
    static let token = "signer-token-0123456789"

    let server: ScriptedRelyingParty
    private let keys: [String: SigningKey]

    init(_ keys: [String: SigningKey], standing: ScriptedStep? = nil) throws {
        self.keys = keys
        server = try ScriptedRelyingParty(authority: try TestAuthority.shared().authority)
        server.always(standing ?? signing)
    }

    /// Signs as it should.
    var signing: ScriptedStep { .decide { [keys] in Self.answer(to: $0, keys) } }

    /// Answers with a signature, or whatever it is.
    static func answer(_ signature: [UInt8]) -> ScriptedStep {
        .status(
            200,
            headers: ["Content-Type: application/json"],
            body: #"{"signature":"\#(Base64.urlEncode(signature))"}"#
        )
    }

    private static func answer(to request: ReceivedRequest, _ keys: [String: SigningKey]) -> ScriptedStep {
        guard let call = try? JSON.parse(request.body), let name = call.text("key"), let key = keys[name],
            call.text("kid") == key.kid, call.text("alg") == key.algorithm.rawValue,
            let text = call.text("signing_input"), let input = try? Base64.urlDecode(text),
            let signature = try? TokenSigner().signature(of: input, with: key.privateKey)
        else { return .status(404) }
        return answer(signature)
    }

    /// A client of it, as an operator sets one up.
    func client(_ change: (inout RemoteSignerSettings) -> Void = { _ in }) throws -> RemoteSigner {
        var settings = RemoteSignerSettings(url: server.uri("/sign"))
        settings.token = Self.token
        settings.caFile = try TestAuthority.shared().caFile
        change(&settings)
        return try RemoteSigner(settings, userAgent: "Lastcall/0.0.1")
    }
}

extension JSON {
    /// A member that is a string.
    fileprivate func text(_ name: String) -> String? {
        guard case .object(let object) = self, case .string(let text)? = object[name] else { return nil }
        return text
    }
}
