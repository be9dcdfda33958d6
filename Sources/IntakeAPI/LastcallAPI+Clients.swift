import AuditTrail
import DeliveryPolicy
import LogoutModel
import Outbox
import StrictJSON

extension LastcallAPI {
    var clientRoutes: [Route] {
        let path = "/v1/issuers/{issuer}/clients/{client_id}"
        return [
            Route("GET", "/v1/issuers/{issuer}/clients", .scopes([.clients, .read]), listClients),
            Route("GET", path, .scopes([.clients, .read]), getClient),
            Route("PUT", path, .scopes([.clients]), putClient),
            Route("DELETE", path, .scopes([.clients]), deleteClient),
            Route("POST", path + "/hold", .scopes([.operate]), holdClient),
            Route("POST", path + "/release", .scopes([.operate]), releaseClient),
            Route("POST", path + "/probe", .scopes([.operate]), probeClient),
        ]
    }

    @Sendable private func listClients(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let after = try query.cursor(Cursor.name)
        try query.finish()
        let found = try await store.clients(of: call.issuerKey(), after: after, limit: limit + 1)
        let view = try await clientView(call)
        let page = try Page(found, limit: limit) { try call.cursor($0.clientID) }
        return APIResponse(page: page) { $0.client($1, view) }
    }

    @Sendable private func getClient(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        guard let client = try await store.client(call.parameter("client_id"), of: call.issuerKey()) else {
            throw Problem.notFound
        }
        let view = try await clientView(call)
        return APIResponse(status: 200) { $0.client(client, view) }
    }

    @Sendable private func putClient(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let clientID = try call.parameter("client_id")
        guard Grammar.clientID.accepts(clientID) else {
            throw Problem.invalidClientMetadata(Grammar.clientID.rule, pointer: "/client_id")
        }
        let (metadata, receiver) = try Client.Metadata.read(
            await call.object(),
            of: clientID,
            egress: await egressPolicy(of: call),
            settings: settings
        )
        let authorization =
            try receiver?.change(
                of: clientID,
                issuer: call.parameter("issuer"),
                under: settings.keyEncryptionKey
            ) ?? .keep
        let actor = call.principal.actor
        let (client, isNew) = try await store.putClient(
            clientID,
            of: call.issuerKey(),
            metadata,
            authorization: authorization
        ) { before in
            let data = JSONWriter.text { writer in
                writer.member("backchannel_logout_uri", metadata.logoutTokenURI)
                if let before { writer.member("old_backchannel_logout_uri", before.logoutTokenURI) }
                let (old, new) = (before?.others ?? JSONObject(), metadata.others)
                for name in ClientSecurity.audited where old[name] != new[name] {
                    writer.name(name)
                    writer.json(new[name] ?? .null)
                    guard before != nil else { continue }
                    writer.name("old_\(name)")
                    writer.json(old[name] ?? .null)
                }
                if old["jwks"] != new["jwks"] { writer.member("jwks_changed", true) }
                writer.sharedSignalsChange(from: before, to: metadata, authorization)
            }
            return AuditNote(
                before == nil ? .clientRegistered : .clientChanged,
                clientID: clientID,
                actor: actor,
                data: data
            )
        }
        let view = try await clientView(call)
        return APIResponse(status: isNew ? 201 : 200) { $0.client(client, view) }
    }

    @Sendable private func deleteClient(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try await call.requireNoBody()
        let clientID = try call.parameter("client_id")
        let note = AuditNote(.clientDeleted, clientID: clientID, actor: call.principal.actor)
        try await store.deleteClient(clientID, of: call.issuerKey(), note: note)
        return .noContent
    }

    @Sendable private func holdClient(_ call: Call) async throws -> APIResponse {
        try await hold(call, true, .clientHeld).1
    }

    @Sendable private func releaseClient(_ call: Call) async throws -> APIResponse {
        let (client, response) = try await hold(call, false, .clientReleased)
        wake.announce([client.key])
        return response
    }

    private func hold(_ call: Call, _ isHeld: Bool, _ type: AuditType) async throws -> (Client, APIResponse) {
        try call.query().finish()
        try await call.requireNoBody()
        let clientID = try call.parameter("client_id")
        let note = AuditNote(type, clientID: clientID, actor: call.principal.actor)
        let client = try await store.hold(clientID, of: call.issuerKey(), isHeld, note: note)
        let view = try await clientView(call)
        return (client, APIResponse(status: 200) { $0.client(client, view) })
    }

    private func clientView(_ call: Call) async throws -> ClientView {
        let keys = try await store.signingKeys(of: call.issuerKey())
        return ClientView(
            activeAlgs: Set(keys.filter { $0.stage == "active" }.map(\.alg)),
            egress: try await egressPolicy(of: call)
        )
    }
}

extension Client.Metadata {
    /// Reads the body of a `PUT`: RFC 7591 section 2 ignores members that it does not know, but a misspelt
    /// `backchannel_` or `shared_signals` member would be a logout that never comes.
    fileprivate static func read(
        _ body: ObjectReader,
        of clientID: String,
        egress: EgressPolicy,
        settings: APISettings
    ) throws -> (Client.Metadata, SharedSignalsMember?) {
        do {
            var body = body
            if let given = try body.optionalString("client_id", maximumBytes: 255),
                !given.utf8.elementsEqual(clientID.utf8)
            {
                throw Problem.invalidClientMetadata(
                    "client_id must be the one in the path.",
                    pointer: "/client_id"
                )
            }
            let uri = try body.optionalString("backchannel_logout_uri", maximumBytes: LogoutURI.maximumBytes)
            let isRequired = try body.optionalBool("backchannel_logout_session_required") ?? false
            let alg = try body.optionalString("id_token_signed_response_alg", maximumBytes: 32) ?? "RS256"
            _ = try ClientRule(egress: egress).accept(
                uri: uri,
                sessionRequired: isRequired,
                algorithm: alg
            )
            let receiver = try SharedSignalsMember(readingMemberOf: &body, egress: egress)
            guard receiver == nil || uri == nil else {
                throw Problem.invalidClientMetadata(
                    "A client takes logout tokens or Security Event Tokens: backchannel_logout_uri or shared_signals.",
                    pointer: "/shared_signals"
                )
            }
            let delivery = try DeliveryOverrides(readingMember: "delivery", of: &body)
            let other = try Self.others(&body, egress, settings, isReceiver: receiver != nil)
            try body.finish { !$0.hasPrefix("backchannel_") && !$0.hasPrefix("shared_signals") }
            let metadata = Client.Metadata(
                backchannelLogoutURI: receiver?.endpointURL ?? uri,
                backchannelLogoutSessionRequired: isRequired,
                signedResponseAlg: alg,
                other: other,
                delivery: delivery.json,
                sharedSignals: receiver?.terms
            )
            return (metadata, receiver)
        } catch let error as JSONError {
            throw Problem.invalidClientMetadata(error.detail, pointer: error.pointer)
        }
    }

    /// The members that are stored and shown as they are.
    private static func others(
        _ body: inout ObjectReader,
        _ egress: EgressPolicy,
        _ settings: APISettings,
        isReceiver: Bool
    ) throws -> String {
        var other = JSONObject()
        if let name = try body.optionalString("client_name", maximumBytes: 1_000) {
            _ = other.append("client_name", .string(name))
        }
        let security = try ClientSecurity(reading: &body, egress: egress, settings: settings).members
        let encryption = "id_token_encrypted_response_alg"
        guard !isReceiver || security[encryption] == nil else {
            throw Problem.invalidClientMetadata(
                "Security Event Tokens are signed and not encrypted.",
                pointer: "/\(encryption)"
            )
        }
        for member in security.members {
            _ = other.append(member.name, member.value)
        }
        return String(decoding: JSON.object(other).serialized(), as: UTF8.self)
    }
}

extension Client.Metadata {
    /// The members of ``other``, by name.
    fileprivate var others: JSONObject {
        guard case .object(let other)? = try? JSON.parse(Array(other.utf8), maximumBytes: 1_048_576) else {
            return JSONObject()
        }
        return other
    }
}

/// What an issuer has, as far as its clients are shown by it.
private struct ClientView {
    let activeAlgs: Set<String>
    let egress: EgressPolicy

    /// Why deliveries to a client will fail as things stand.
    func warnings(of client: Client.Metadata) -> [String] {
        guard let text = client.backchannelLogoutURI else { return [] }
        let isUnsigned = !activeAlgs.contains(client.signedResponseAlg)
        // The rules may have changed since it was registered.
        let uri = try? LogoutURI(text)
        let isForbidden = uri.map { egress.refusal(of: $0) != nil } ?? true
        let member = client.sharedSignals == nil ? "backchannel_logout_uri" : "endpoint_url"
        return (isUnsigned ? ["no_active_key_for_alg"] : []) + (isForbidden ? ["\(member)_not_allowed"] : [])
    }
}

extension JSONWriter {
    fileprivate mutating func client(_ client: Client, _ view: ClientView) {
        let metadata = client.metadata
        object { writer in
            writer.member("client_id", client.clientID)
            writer.member("backchannel_logout_uri", metadata.logoutTokenURI)
            writer.member("backchannel_logout_session_required", metadata.backchannelLogoutSessionRequired)
            writer.member("id_token_signed_response_alg", metadata.signedResponseAlg)
            if metadata.sharedSignals != nil {
                writer.name("shared_signals")
                writer.sharedSignals(of: metadata)
            }
            for member in metadata.others.members {
                writer.name(member.name)
                writer.json(member.value)
            }
            writer.name("delivery")
            writer.raw(metadata.delivery.utf8)
            writer.member("held", client.isHeld)
            writer.member("breaker", client.breaker.rawValue)
            writer.member("warnings", view.warnings(of: metadata))
            writer.member("created_at", client.createdAt.text)
            writer.member("updated_at", client.updatedAt.text)
        }
    }
}
